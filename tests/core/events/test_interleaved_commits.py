"""No event is missed, whichever of two concurrent transactions commits first.

Two connections take ids for their events and commit in the other order. A reader that remembers
the largest id it has seen misses the event of the one that commits later; a test shows that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core.models import Event
from core.services.event_consuming import consume_events
from tests.cast import Cast
from tests.core.events.planted import RecordingHandler, customer_consumer, planted_consumers
from tests.core.events.waiting import consume_until

EMIT = """
    INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at)
    VALUES ('customer.changed', %s, '{}', gen_random_uuid(),
            pg_current_xact_id()::text::bigint, now())
"""
BEGIN_WRITING = "SELECT pg_current_xact_id()"  # gives the transaction its id


@contextmanager
def writing_session() -> Iterator[BaseDatabaseWrapper]:
    """Open a connection whose changes are committed by ``commit()`` only."""
    session = connection.copy()
    session.set_autocommit(autocommit=False)
    try:
        yield session
    finally:
        session.close()


def execute(session: BaseDatabaseWrapper, statement: str, *values: int) -> None:
    with session.cursor() as cursor:
        cursor.execute(statement, values)


def write_interleaved(read: Callable[[], None]) -> None:
    """Write events 1 and 2 in two transactions, the second commits first; read after each commit.

    Event 1 has the smaller id.
    """
    with writing_session() as first, writing_session() as second:
        execute(first, EMIT, 1)
        execute(second, EMIT, 2)
        second.commit()
        read()
        first.commit()
        read()


def write_interleaved_in_reverse(read: Callable[[], None]) -> None:
    """The same, but event 1 of the transaction that began first has the larger id."""
    with writing_session() as first, writing_session() as second:
        execute(first, BEGIN_WRITING)
        execute(second, EMIT, 2)
        execute(first, EMIT, 1)
        first.commit()
        read()
        second.commit()
        read()


@pytest.mark.parametrize("write", [write_interleaved, write_interleaved_in_reverse])
def test_consumer_misses_no_event_of_interleaved_transactions(
    committed_cast: Cast, write: Callable[[Callable[[], None]], None]
) -> None:
    handler = RecordingHandler()
    with planted_consumers(customer_consumer(handler)):
        write(consume_events)
        consume_until(lambda: len(handler.ids) == 2)
    objects = dict(Event.objects.values_list("pk", "object_id"))
    assert [objects[pk] for pk in handler.ids] == [1, 2]  # the order of the transactions


def test_reader_that_remembers_the_largest_id_misses_an_event(committed_cast: Cast) -> None:
    """Shows that the order of commits above is one that a simpler reader does not survive."""
    seen: list[int] = []
    position = max(Event.objects.values_list("pk", flat=True), default=0)

    def read_after_largest_id() -> None:
        nonlocal position
        for event in Event.objects.filter(pk__gt=position).order_by("pk"):
            seen.append(event.object_id)
            position = event.pk

    write_interleaved(read_after_largest_id)
    assert seen == [2]
