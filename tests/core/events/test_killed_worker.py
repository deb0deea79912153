"""A worker that is killed again and again while it handles events, and other processes write."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import pytest
from django.db import connection

from core.models import Event, Notice
from core.tasks import consume_events
from crm.notices import ASSIGNMENT_CONSUMER
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.core.events.planted import events_for
from tests.crm.factories import make_customer
from tests.workers import APPLICATION_NAME, child_process_id, running_worker, wait_until

pytestmark = [pytest.mark.worker, pytest.mark.slow]
KILLS = 50
WRITERS = 2


def is_worker_in_transaction() -> bool:
    """Send the task that handles events; tell whether the worker is handling some now."""
    consume_events.delay()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND xact_start IS NOT NULL AND backend_xid IS NOT NULL)",
            [APPLICATION_NAME],
        )
        return bool(cursor.fetchone()[0])


def give_customer_to_and_fro(cast: Cast, must_stop: Flag) -> int:
    """Give a customer to two managers in turn until told to stop; return how often."""
    count = 0
    try:
        customer = make_customer(cast.lanzhou)
        while not must_stop.is_set():
            owner = (cast.manager, cast.colleague)[count % 2]
            update_customer(customer_id=customer.pk, actor=cast.head, owner=owner)
            count += 1
    finally:
        connection.close()
    return count


def test_consumer_killed_50_times_misses_no_event_and_doubles_no_notice(
    committed_cast: Cast, own_database: str
) -> None:
    must_stop = Flag()
    with running_worker(own_database), ThreadPoolExecutor(WRITERS) as writers:
        try:
            counts = [
                writers.submit(give_customer_to_and_fro, committed_cast, must_stop)
                for _ in range(WRITERS)
            ]
            wait_until(is_worker_in_transaction)  # it has started
            killed: set[int] = set()
            while len(killed) < KILLS:
                child = child_process_id(own_database)
                if child in killed:  # the worker has not replaced it yet
                    continue
                wait_until(is_worker_in_transaction)
                os.kill(child, signal.SIGKILL)
                killed.add(child)
        finally:
            must_stop.set()
        assignments = sum(count.result() for count in counts)
        last = events_for(ASSIGNMENT_CONSUMER).last()
        assert last is not None
        wait_until(lambda: _is_handled(last))

    assert assignments > KILLS
    given = [notice.values["count"] for notice in Notice.objects.all()]
    assert given == [1] * assignments


def _is_handled(event: Event) -> bool:
    consume_events.delay()
    return Notice.objects.filter(key=str(event.context_id)).exists()
