"""Real Celery workers for tests, which kill some of them.

A worker has a child process that executes the tasks.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from celery import current_app
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 90


@contextmanager
def running_worker(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker on the test's database; kill it at the end of the block."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--app", "config.celery", "worker"),
            *("--hostname", f"worker@{database}", "--concurrency", "1", "--loglevel", "WARNING"),
            *("--without-mingle", "--without-gossip"),
        ],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the worker and its child process, as the kernel does when memory runs out."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def child_process_id(database: str) -> int:
    """Return the id of the worker's child process, which executes the tasks."""
    name = f"worker@{database}"
    stats = current_app.control.inspect(destination=[name], timeout=30).stats()
    assert stats is not None
    return int(stats[name]["pool"]["processes"][0])


@contextmanager
def blocking_session(lock_statement: str) -> Iterator[None]:
    """Hold a lock in a second database session, so that a worker has to wait for it."""
    session = connection.copy()
    session.set_autocommit(autocommit=False)
    try:
        with session.cursor() as cursor:
            cursor.execute(lock_statement)
        yield
    finally:
        session.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true; fail after TIMEOUT_SECONDS."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.05)
