"""Ctrl-C in the middle of a test."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

SECONDS_UNTIL_INTERRUPT = 1  # enough to reach the statement
MAX_SECONDS = 10  # far less than the interrupted statements would take


@contextmanager
def interrupt_soon() -> Iterator[None]:
    """Send SIGINT to this process after a second; fail if the block does not end soon after."""
    timer = Timer(SECONDS_UNTIL_INTERRUPT, os.kill, [os.getpid(), signal.SIGINT])
    previous_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGINT, previous_handler)
    assert time.monotonic() - started < MAX_SECONDS
