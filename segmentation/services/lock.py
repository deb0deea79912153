"""One worker at a time: a lock of the database session that does the work.

The database drops it with the session, whatever ends that, so a run that says it is running while
nobody holds the lock has lost its worker. (Behind a pooler that shares sessions between clients the
worker needs a direct connection.)
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

KEY = 7_246_001  # any number, the product's only one that locks scoring
SECONDS_BETWEEN_TRIES = 0.25


class LockTakenError(Exception):
    """Another worker is scoring."""


@contextmanager
def working(*, patience: float = 20) -> Iterator[None]:
    """Be the one worker that scores; wait ``patience`` seconds for it.

    The wait covers the moments in which somebody asks for a run, and those until the database has
    noticed that a worker was killed. Raises LockTakenError.
    """
    _notice_dead_clients()
    limit = time.monotonic() + patience
    while not _ask("SELECT pg_try_advisory_lock(%s)"):
        if time.monotonic() > limit:
            raise LockTakenError
        time.sleep(SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        if connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s)")


def is_nobody_working() -> bool:
    """Take the lock until the end of the transaction, if it is free; tell whether it was."""
    return _ask("SELECT pg_try_advisory_xact_lock(%s)")


def is_somebody_working() -> bool:
    """Tell whether a worker holds the lock now, without touching it."""
    return _ask(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND"
        " objid = %s AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )


def _ask(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [KEY])
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _notice_dead_clients() -> None:
    """Have the database look, within a long statement, whether the worker still lives."""
    with connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '5s'")
