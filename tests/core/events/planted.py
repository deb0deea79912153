"""Consumers that tests plant, and helpers to read and hand on events."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from core.events import registry
from core.events.consumers import Consumer
from core.models import Event, EventConsumer
from core.models.event import EventQuerySet
from core.services import event_consuming
from core.services.event_consuming import add_new_consumers
from crm.events import CUSTOMER_EVENTS


class RecordingHandler:
    """Records the ids of the events it gets, by call; raises ``error`` if it is set."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.error: Exception | None = None

    def __call__(self, events: EventQuerySet) -> None:
        if self.error is not None:
            raise self.error
        self.calls.append(list(events.values_list("pk", flat=True)))

    @property
    def ids(self) -> list[int]:
        """The ids of all events, in the order of handling."""
        return [pk for call in self.calls for pk in call]


def customer_consumer(
    handler: RecordingHandler, name: str = "test.customers", batch_size: int = 500
) -> Consumer:
    """Return a consumer of all events of customers."""
    return Consumer(name, CUSTOMER_EVENTS.types, handler, batch_size)


@contextmanager
def planted_consumers(*consumers: Consumer) -> Iterator[None]:
    """Replace the consumers of the settings; the planted ones begin with the next event."""
    by_name = {consumer.name: consumer for consumer in consumers}
    with (
        mock.patch.object(registry, "consumers", return_value=by_name),
        mock.patch.object(event_consuming, "consumers", return_value=by_name),
    ):
        add_new_consumers()
        yield


def events_for(consumer: Consumer) -> EventQuerySet:
    """Return all events of the consumer's types in order.

    In a test that is rolled back no event is ever committed, so consumers do not see it.
    """
    return Event.objects.filter(type__in=[each.name for each in consumer.types]).in_order()


def state_of(consumer: Consumer) -> EventConsumer:
    return EventConsumer.objects.get(name=consumer.name)
