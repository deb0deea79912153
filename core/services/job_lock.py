"""The lock of a job and its progress, both kept by a database session of their own.

The session holds an advisory lock of the job while the job runs. PostgreSQL releases it when the
process dies, so a job that is *running* while nobody holds its lock has lost its worker. The
session is not the one that does the work: progress written by it is visible at once, also while the
work is inside of a transaction.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

LOCK_CLASS = 7_246_002  # an arbitrary number; no other advisory lock of the product uses it
SECONDS_BETWEEN_WRITES = 1.0
MAX_PERCENT_WHILE_RUNNING = 99
# If the whole machine of a worker is lost, its connection counts as broken after a minute without
# an answer. The default of most systems is two hours, during which the job would seem to run.
DETECT_LOST_MACHINE = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
_LOST_CODES = {"080", "57P"}  # beginnings of SQLSTATE: connection exceptions, server shutting down


class JobSession:
    """The session that holds the job's lock and writes its progress."""

    def __init__(self, job_id: int, session: Any) -> None:
        self._job_id = job_id
        self._session = session
        self._written_at = 0.0
        self._activity = ""

    def is_usable(self) -> bool:
        """Tell whether the session has not ended, and so holds the lock still."""
        return bool(self._session.is_usable())

    def write_progress(self, activity: str, done: int, total: int | None) -> bool:
        """Write the progress, at most once a second and at each new activity.

        Returns whether the job's actor has asked to cancel it; False if nothing was written.
        """
        now = time.monotonic()
        if activity == self._activity and now - self._written_at < SECONDS_BETWEEN_WRITES:
            return False
        self._activity, self._written_at = activity, now
        percent = min(MAX_PERCENT_WHILE_RUNNING, done * 100 // total) if total else 0
        with self._session.cursor() as cursor:
            cursor.execute(
                "UPDATE core_job SET activity = %s, progress = %s"
                " WHERE id = %s AND state = 'running' RETURNING cancel_requested_at IS NOT NULL",
                [activity, percent, self._job_id],
            )
            row = cursor.fetchone()
        return row is not None and bool(row[0])


@contextmanager
def job_session(job_id: int) -> Iterator[JobSession | None]:
    """Hold the job's lock in a session of its own; yield None if another session holds it."""
    session = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with _locked(job_id, session) as is_locked:
            if is_locked:
                with session.cursor() as cursor:
                    # The work's transaction may hold the job's row while it ends the job.
                    cursor.execute(f"SET lock_timeout = '5s'; {DETECT_LOST_MACHINE}")
                yield JobSession(job_id, session)
            else:
                yield None
    finally:
        session.close()


@contextmanager
def own_session(job_id: int) -> Iterator[JobSession | None]:
    """Hold the job's lock in the session that does the work; yield None if another holds it.

    For a job that is executed at once: nobody watches its progress.
    """
    with _locked(job_id, connection) as is_locked:
        yield JobSession(job_id, connection) if is_locked else None


@contextmanager
def _locked(job_id: int, session: Any) -> Iterator[bool]:
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job_id])
        is_locked = bool(cursor.fetchone()[0])
    try:
        yield is_locked
    finally:
        if is_locked and session.is_usable():  # a session that has ended holds no lock
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, job_id])


def locked_job_ids() -> set[int]:
    """Return the ids of the jobs whose lock a session holds now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND"
            " objsubid = 2 AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK_CLASS],
        )
        return {int(row[0]) for row in cursor.fetchall()}


def is_connection_lost(error: Exception) -> bool:
    """Tell whether the session that did the work has ended, as when the server was restarted.

    The error says it. Asking the connection does not: Django may have opened a new one since.
    """
    if isinstance(error, InterfaceError):
        return True
    # Django's error has the driver's as its cause. Without a code the server could not send one.
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, OperationalError) and (code is None or code[:3] in _LOST_CODES)
