"""Handing events to their consumers, and deleting those that all consumers have handled.

Events are read in the order of the transactions that wrote them, and only those of transactions
before which no other one is still open. An event therefore never appears in front of the position
of a consumer, whichever of two concurrent transactions commits first.

What can go wrong, and what happens then:

- The worker is killed while a consumer handles events: PostgreSQL rolls its changes back together
  with its position. The next attempt gets the same events.
- Two workers run at once: the row of a consumer is locked, and the second worker skips it.
- A consumer raises: its row stores the error, and it is retried later. Other consumers go on.
- A transaction stays open for long, such as an import: newer events wait until it ends.
- A backup is restored into another server, whose transaction ids begin anew: stored ids are moved
  below all new ones, see ``_move_below_new_transactions``.
"""

import logging
from datetime import timedelta

import pgtrigger
from django.db import connection, transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q
from django.utils import timezone

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from core.events.consumers import Consumer
from core.events.registry import consumers
from core.models.event import MAX_ERROR_LENGTH, Event, EventConsumer, snapshot_bound

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 5
MAX_RETRY_SECONDS = 3600
DELETE_CHUNK = 10_000  # events in one transaction


def consume_events() -> None:
    """Let every consumer handle the events that it has not handled yet.

    The Celery task of the same name calls this every few seconds. If there is nothing to do, it
    takes two queries and locks nothing.
    """
    _move_below_new_transactions()
    for name in _waiting_consumers():
        consumer = consumers()[name]
        try:
            while _consume_batch(consumer):
                pass
        except Exception as error:  # noqa: BLE001 (whatever a consumer raises concerns only itself)
            _record_failure(consumer, error)


def add_new_consumers() -> None:
    """Store a position for each consumer that has none: it gets the events from now on.

    Runs after every ``migrate``.
    """
    for name in consumers():
        position = snapshot_bound("pg_snapshot_xmin")
        EventConsumer.objects.get_or_create(name=name, defaults={"position": position})


def add_new_consumers_after_migrate(**_signal: object) -> None:
    """Handle Django's ``post_migrate`` signal, which ``core.apps`` connects.

    ``migrate core zero`` sends it too, when the table does not exist.
    """
    if EventConsumer._meta.db_table in connection.introspection.table_names():  # noqa: SLF001
        add_new_consumers()


def retry_consumer(*, name: str, actor: User) -> None:
    """Let a failing consumer be retried now. Raises PermissionDenied or DoesNotExist."""
    authorise(actor, Permission.EVENT_MANAGE)
    with audited_transaction(actor, Action.CONSUMER_RETRY):
        state = EventConsumer.objects.select_for_update().get(name=name)
        if state.failures:
            state.retry_at = timezone.now()
            state.save(update_fields=["retry_at"])


def delete_old_events(*, keep_days: int) -> int:
    """Delete the events older than so many days that every consumer has handled; return how many.

    Each chunk is a transaction of its own.
    """
    cutoff = timezone.now() - timedelta(days=keep_days)
    states = EventConsumer.objects.filter(name__in=consumers())
    position = states.aggregate(first=Min("position"))["first"]
    old = Event.objects.filter(occurred_at__lt=cutoff)
    if position is not None:
        old = old.filter(transaction_id__lt=position)
    deleted = 0
    while True:
        chunk = old.order_by("transaction_id", "pk").values("pk")[:DELETE_CHUNK]
        count, _by_model = Event.objects.filter(pk__in=chunk).delete()
        deleted += count
        if count < DELETE_CHUNK:
            return deleted


def _waiting_consumers() -> list[str]:
    """Return the consumers that have events to handle and are not waiting for a retry."""
    waiting = Event.objects.filter(
        transaction_id__gte=OuterRef("position"),
        transaction_id__lt=snapshot_bound("pg_snapshot_xmin"),
    )
    is_due = Q(retry_at=None) | Q(retry_at__lte=timezone.now())
    states = EventConsumer.objects.filter(Exists(waiting), is_due, name__in=consumers())
    return list(states.order_by("name").values_list("name", flat=True))


@transaction.atomic
def _consume_batch(consumer: Consumer) -> bool:
    """Let the consumer handle the next events and store its position; return if there may be more.

    Does nothing while another worker holds the lock of the consumer's row.
    """
    locked = EventConsumer.objects.select_for_update(skip_locked=True)
    state = locked.filter(name=consumer.name).first()
    if state is None:
        return False
    # All events of transactions before the horizon are visible to the statements that follow.
    horizon = _horizon()
    type_names = [each.name for each in consumer.types]
    events = Event.objects.between(state.position, horizon).filter(type__in=type_names).in_order()
    last = events[consumer.batch_size - 1 : consumer.batch_size].first()
    end = horizon if last is None else last.transaction_id + 1
    batch = events.filter(transaction_id__lt=end)
    if batch.exists():
        consumer.handle(batch)
        state.handled_at = timezone.now()
    state.position = end
    state.failures, state.error, state.failed_at, state.retry_at = 0, "", None, None
    state.save()
    return end < horizon


def _horizon() -> int:
    """Return the id of the oldest transaction that is still open: all before it have ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _record_failure(consumer: Consumer, error: Exception) -> None:
    """Store the error, and when to try again: after 5 s, 10 s, 20 s …, at most an hour."""
    logger.error("event consumer %s failed", consumer.name, exc_info=error)
    if not connection.is_usable():
        connection.close()  # Django opens a new one
    first_line = (str(error).strip().splitlines() or [""])[0]
    with transaction.atomic():
        state = EventConsumer.objects.select_for_update().get(name=consumer.name)
        seconds = min(FIRST_RETRY_SECONDS * 2 ** min(state.failures, 20), MAX_RETRY_SECONDS)
        state.failures += 1
        state.error = f"{type(error).__name__}: {first_line}"[:MAX_ERROR_LENGTH]
        state.failed_at = timezone.now()
        state.retry_at = state.failed_at + timedelta(seconds=seconds)
        state.save()


def _move_below_new_transactions() -> None:
    """After a dump was restored into a new server, move stored transaction ids below zero.

    The ids of a server's transactions begin anew there. Consumers with positions from the old
    server would miss all events until the ids reach these. A position that no transaction of this
    server can have reached tells that a dump was restored. All events up to the last one with an id
    of the old server are from there.
    """
    ahead = EventConsumer.objects.filter(position__gt=snapshot_bound("pg_snapshot_xmax"))
    if not ahead.exists():
        return
    with transaction.atomic():
        states = EventConsumer.objects.select_for_update().order_by("name")
        offset = max((state.position for state in states), default=0)
        old = Event.objects.filter(transaction_id__gte=snapshot_bound("pg_snapshot_xmax"))
        last = old.aggregate(id=Max("pk"), transaction=Max("transaction_id"))
        offset = max(offset, (last["transaction"] or 0) + 1)
        logger.warning("a dump was restored: event positions are moved by %s", offset)
        with pgtrigger.ignore("core.Event:never_changed"):
            Event.objects.filter(pk__lte=last["id"] or 0).update(
                transaction_id=F("transaction_id") - offset
            )
        EventConsumer.objects.update(position=F("position") - offset)
