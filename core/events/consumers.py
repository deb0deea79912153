"""Consumers: functions that handle events, each at its own pace."""

from collections.abc import Callable
from dataclasses import dataclass

from core.events.declarations import EventType
from core.models.event import EventQuerySet


@dataclass(frozen=True)
class Consumer:
    """A consumer of events, listed in ``settings.EVENT_CONSUMERS``.

    ``handle`` gets events of these types in order, at least one, and all events of a transaction at
    once: after a large import these can be a million, so aggregate them in SQL or iterate. It runs
    in the transaction that stores how far the consumer has come, so its changes in the database are
    made once. It must still do no harm when it gets an event twice, as after restoring a backup. It
    must not wait for other systems, because while it runs no consumer sees newer events: let it
    write rows that a task works through.

    When it raises, its changes are rolled back, it is retried later, and other consumers go on.
    """

    name: str
    types: tuple[EventType, ...]
    handle: Callable[[EventQuerySet], None]
    # Events handled at once, not counting the rest of the transaction of the last one.
    batch_size: int = 500
