"""One worker scores at a time: an advisory lock of the worker's database session.

PostgreSQL releases the lock when the session ends, whatever the cause. A run that is *running*
while nobody holds the lock has therefore lost its worker. (A pooler that shares sessions between
clients breaks this: the worker needs a direct connection.)
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK_KEY = 7_246_001  # an arbitrary number; no other advisory lock of the product uses it
SECONDS_BETWEEN_ATTEMPTS = 0.25


class LockTakenError(Exception):
    """Another worker is scoring."""


@contextmanager
def scoring_lock(*, timeout_seconds: float = 20) -> Iterator[None]:
    """Hold the lock inside the block; raise LockTakenError when it is not free in time.

    The default covers the two short waits: for the transaction of somebody who requests a run, and
    for the database to notice that a worker was killed.
    """
    _enable_connection_check()
    deadline = time.monotonic() + timeout_seconds
    while not _query_lock("SELECT pg_try_advisory_lock(%s)"):
        if time.monotonic() > deadline:
            raise LockTakenError
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)
    try:
        yield
    finally:
        if connection.is_usable():
            _query_lock("SELECT pg_advisory_unlock(%s)")


def try_transaction_lock() -> bool:
    """Take the lock until the transaction ends; return False when a worker holds it."""
    return _query_lock("SELECT pg_try_advisory_xact_lock(%s)")


def is_locked() -> bool:
    """Tell whether a worker holds the lock now, without taking it."""
    return _query_lock(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND"
        " objid = %s AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )


def _query_lock(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [LOCK_KEY])
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _enable_connection_check() -> None:
    """Have PostgreSQL end the session of a killed worker within 5 s, even during a statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '5s'")
