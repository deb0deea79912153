"""The scoring lock: a PostgreSQL advisory lock, by which only one worker scores at a time.

The session that does the work holds the lock during the whole run. The lock of the job does not
suffice: when a worker is killed, PostgreSQL may release that lock while the statement of a step
still runs in the other session. The worker needs a direct connection to the database: a pooler that
shares sessions between clients would break this.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from core.services.job_lock import DETECT_LOST_MACHINE

LOCK_KEY = 7_246_001  # an arbitrary number; no other advisory lock of the product uses it
SECONDS_BETWEEN_ATTEMPTS = 0.25


@contextmanager
def scoring_lock(*, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock inside the block.

    While another session holds it, ``wait`` is called again and again; let it raise to give up.
    That session is of a worker that was killed: the database notices it within 5 s, or within a
    minute if the worker's machine is gone. Transactions inside the block do not affect the lock,
    because it belongs to the session.
    """
    _enable_connection_check()
    while not _query_lock("SELECT pg_try_advisory_lock(%s)"):
        wait()
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)
    try:
        yield
    finally:
        if connection.is_usable():  # a session that has ended holds no lock
            _query_lock("SELECT pg_advisory_unlock(%s)")


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
        cursor.execute(f"SET client_connection_check_interval = '5s'; {DETECT_LOST_MACHINE}")
