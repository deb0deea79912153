"""Running services at the same moment, each on a database connection of its own.

A connection sees only what others have committed, so the tests use ``committed_cast``.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def closing_its_connection(function: Callable[[], T]) -> Callable[[], T]:
    """Return the function for a thread: it closes the thread's database connection at the end."""

    def run() -> T:
        try:
            return function()
        finally:
            connection.close()

    return run


def _outcome(future: Future[object]) -> str:
    """Return the class name of the error that the job raised, or "done" if it raised none."""
    error = future.exception(timeout=20)
    return type(error).__name__ if error else "done"


def run_concurrently(*jobs: Callable[[], object]) -> list[str]:
    """Start all jobs at the same moment, each on its own connection; return sorted outcomes."""
    barrier = Barrier(len(jobs))

    def start_together(job: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return job()

        return closing_its_connection(run)

    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(start_together(job)) for job in jobs]
        return sorted(_outcome(future) for future in futures)


def wait_until_blocked() -> None:
    """Return when another connection waits for a lock that this one holds."""
    deadline = monotonic() + 10
    query = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute(query)
            if cursor.fetchone():
                return
            sleep(0.02)
    raise AssertionError("no connection waited for a lock")
