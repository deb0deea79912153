"""The scoring lock: a PostgreSQL advisory lock, by which only one worker scores at a time.

The worker's database session holds the lock during the whole run. PostgreSQL releases it when the
session ends, whatever the cause, so a run that is *running* while nobody holds the lock has lost
its worker. The worker needs a direct connection to the database: a pooler that shares sessions
between clients would break this.
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

    Transactions inside the block do not affect the lock, because it belongs to the session. The
    default timeout is long enough for the two short waits: for a request to end that holds the lock
    (``try_transaction_lock``), and for the database to notice that a worker was killed (5 s).
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
        if connection.is_usable():  # a session that has ended holds no lock
            _query_lock("SELECT pg_advisory_unlock(%s)")


def try_transaction_lock() -> bool:
    """Take the lock until the current transaction ends; return False if another session has it."""
    return _query_lock("SELECT pg_try_advisory_xact_lock(%s)")


def is_locked() -> bool:
    """Tell whether a session holds the lock now, without taking it."""
    return _query_lock(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND"
        " objid = %s AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )


def _query_lock(query: str) -> bool:
    """Run a query that takes LOCK_KEY as its parameter, and return the boolean it selects."""
    with connection.cursor() as cursor:
        cursor.execute(query, [LOCK_KEY])
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _enable_connection_check() -> None:
    """Let PostgreSQL end this session within 5 s of the worker's death, even during a statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '5s'")
