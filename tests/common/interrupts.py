"""Ctrl-C while a test's connection waits inside a database statement."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from django.db import connection

MAX_SECONDS_UNTIL_WAITING = 120  # on a busy machine
MAX_SECONDS_TO_STOP = 60  # less than the interrupted statements would take
IS_WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE pid = %s AND state = 'active' AND wait_event IN ('PgSleep', 'advisory'))
"""


@contextmanager
def interrupt_when_waiting() -> Iterator[None]:
    """Send SIGINT to this process once its connection waits for pg_sleep or an advisory lock.

    Fails if the block does not end soon after the signal, or never waits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend_pid,) = cursor.fetchone()
    sent_at: list[float] = []
    thread = Thread(target=_send_interrupt, args=(backend_pid, sent_at))
    previous_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGINT, previous_handler)
    assert sent_at, "the connection has never waited"
    assert time.monotonic() - sent_at[0] < MAX_SECONDS_TO_STOP


def _send_interrupt(backend_pid: int, sent_at: list[float]) -> None:
    observer = connection.copy()
    try:
        give_up_at = time.monotonic() + MAX_SECONDS_UNTIL_WAITING
        while time.monotonic() < give_up_at:
            with observer.cursor() as cursor:
                cursor.execute(IS_WAITING, [backend_pid])
                (is_waiting,) = cursor.fetchone()
            if is_waiting:
                sent_at.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.05)
    finally:
        observer.close()
