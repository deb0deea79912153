"""Consuming until something has happened.

Events are handed over when no older transaction is open on the server, in any database. Other test
processes have open transactions in theirs, so tests wait.
"""

import time
from collections.abc import Callable

from core.models import Event
from core.models.event import snapshot_bound
from core.services.event_consuming import consume_events

TIMEOUT_SECONDS = 90


def consume_until(condition: Callable[[], bool]) -> None:
    """Consume events until the condition is true; fail after TIMEOUT_SECONDS."""

    def is_true_now() -> bool:
        consume_events()
        return condition()

    _wait_until(is_true_now)


def wait_until_readable() -> None:
    """Wait until consumers would get all events written so far."""
    horizon = snapshot_bound("pg_snapshot_xmin")
    _wait_until(lambda: not Event.objects.filter(transaction_id__gte=horizon).exists())


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.02)
