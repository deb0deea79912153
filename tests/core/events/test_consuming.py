"""Each consumer gets every event once, at its own pace, and failures concern only itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from core.models import Event, EventConsumer
from core.services.event_consuming import (
    add_new_consumers,
    consume_events,
    delete_old_events,
    retry_consumer,
)
from tests.cast import Cast
from tests.core.events.planted import (
    RecordingHandler,
    customer_consumer,
    planted_consumers,
    state_of,
)
from tests.core.events.waiting import consume_until, wait_until_readable
from tests.crm.factories import make_customer

pytestmark = pytest.mark.usefixtures("committed_cast")


@pytest.fixture
def handler() -> RecordingHandler:
    return RecordingHandler()


@pytest.fixture
def failing() -> RecordingHandler:
    handler = RecordingHandler()
    handler.error = RuntimeError("boom\nsecond line")
    return handler


@pytest.fixture
def consuming(handler: RecordingHandler) -> Iterator[None]:
    """Plant a consumer of two events at a time."""
    with planted_consumers(customer_consumer(handler, batch_size=2)):
        yield


def _make_customers(cast: Cast, count: int) -> list[int]:
    """Make customers, each in a transaction of its own; return the ids of their events."""
    for _ in range(count):
        make_customer(cast.lanzhou)
    events = Event.objects.filter(type="customer.created").order_by("pk")
    return list(events.values_list("pk", flat=True))[-count:]


def test_consumer_gets_each_event_once_and_in_order(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    events = _make_customers(committed_cast, 5)
    consume_until(lambda: len(handler.ids) >= 5)
    consume_events()
    assert handler.ids == events
    assert [len(call) for call in handler.calls] == [2, 2, 1]


def test_events_of_one_transaction_are_handed_over_at_once(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    with transaction.atomic():
        events = _make_customers(committed_cast, 5)
    consume_until(lambda: len(handler.ids) >= 5)
    assert handler.calls == [events]


def test_consumer_that_is_new_gets_no_earlier_events(
    committed_cast: Cast, handler: RecordingHandler
) -> None:
    _make_customers(committed_cast, 2)
    wait_until_readable()
    with planted_consumers(customer_consumer(handler)):
        later = _make_customers(committed_cast, 1)
        consume_until(lambda: bool(handler.ids))
    assert handler.ids == later


def test_adding_consumers_again_moves_no_position(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    position = state_of(customer_consumer(handler)).position
    _make_customers(committed_cast, 1)
    add_new_consumers()
    assert state_of(customer_consumer(handler)).position == position


def test_changes_and_position_of_a_failing_consumer_are_rolled_back_and_others_go_on(
    committed_cast: Cast, handler: RecordingHandler, failing: RecordingHandler
) -> None:
    failing_consumer = customer_consumer(failing, "test.failing")
    with planted_consumers(failing_consumer, customer_consumer(handler)):
        before = state_of(failing_consumer)
        events = _make_customers(committed_cast, 1)
        consume_until(lambda: bool(handler.ids))
        state = state_of(failing_consumer)
    assert handler.ids == events
    assert (state.position, state.failures) == (before.position, 1)
    assert state.error == "RuntimeError: boom"
    assert state.failed_at is not None
    assert state.retry_at == state.failed_at + timedelta(seconds=5)


def test_failing_consumer_waits_longer_each_time_and_gets_the_same_events_when_it_works(
    committed_cast: Cast, failing: RecordingHandler
) -> None:
    consumer = customer_consumer(failing)
    with planted_consumers(consumer):
        events = _make_customers(committed_cast, 1)
        consume_until(lambda: state_of(consumer).failures == 1)
        consume_events()
        assert state_of(consumer).failures == 1  # it is not time yet
        _let_retry_be_due(consumer.name)
        consume_events()
        state = state_of(consumer)
        assert state.failed_at is not None
        assert state.retry_at == state.failed_at + timedelta(seconds=10)
        _let_retry_be_due(consumer.name)
        failing.error = None
        consume_until(lambda: bool(failing.ids))
        state = state_of(consumer)
    assert failing.ids == events
    assert (state.failures, state.error, state.retry_at) == (0, "", None)


def test_retry_by_an_administrator_needs_no_waiting(
    committed_cast: Cast, failing: RecordingHandler
) -> None:
    consumer = customer_consumer(failing)
    with planted_consumers(consumer):
        events = _make_customers(committed_cast, 1)
        consume_until(lambda: state_of(consumer).failures == 1)
        failing.error = None
        with pytest.raises(PermissionDenied):
            retry_consumer(name=consumer.name, actor=committed_cast.auditor)
        consume_events()
        assert failing.ids == []
        retry_consumer(name=consumer.name, actor=committed_cast.sysadmin)
        consume_until(lambda: bool(failing.ids))
    assert failing.ids == events


def test_consumer_whose_row_another_worker_has_locked_is_skipped(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    _make_customers(committed_cast, 1)
    other = connection.copy()
    other.set_autocommit(autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("SELECT FROM core_eventconsumer FOR UPDATE")
    consume_events()
    other.close()
    assert handler.ids == []
    consume_until(lambda: len(handler.ids) == 1)


def test_old_events_are_deleted_when_every_consumer_has_handled_them(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    _make_customers(committed_cast, 2)
    assert delete_old_events(keep_days=0) == 0  # not handled yet
    consume_until(lambda: len(handler.ids) == 2)
    assert delete_old_events(keep_days=1) == 0  # not old enough
    assert delete_old_events(keep_days=0) >= 2
    assert not Event.objects.filter(type="customer.created").exists()


def test_restored_dump_does_not_hide_new_events(
    committed_cast: Cast, handler: RecordingHandler, consuming: None
) -> None:
    handled = _make_customers(committed_cast, 1)
    consume_until(lambda: bool(handler.ids))
    missed = _make_customers(committed_cast, 1)
    # As if the dump came from a server with larger transaction ids.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_event SET transaction_id = transaction_id + 1000000000")
        cursor.execute("ALTER TABLE core_event ENABLE TRIGGER USER")
        cursor.execute("UPDATE core_eventconsumer SET position = position + 1000000000")
    new = _make_customers(committed_cast, 1)
    consume_until(lambda: len(handler.ids) == 3)
    assert handler.ids == [*handled, *missed, *new]


def _let_retry_be_due(name: str) -> None:
    EventConsumer.objects.filter(name=name).update(retry_at=timezone.now())
