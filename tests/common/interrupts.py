"""Ctrl-C in the middle of a test."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

SECONDS_UNTIL_INTERRUPT = 1  # time enough to come to the statement
MAX_SECONDS = 10  # far less than the statements that are interrupted would take


@contextmanager
def interrupt_soon() -> Iterator[None]:
    """Send this process Ctrl-C in a moment; fail where the block does not end soon after."""
    timer = Timer(SECONDS_UNTIL_INTERRUPT, os.kill, [os.getpid(), signal.SIGINT])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < MAX_SECONDS
