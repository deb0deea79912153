"""A process that is killed again and again while it handles events, and others write."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag
from urllib.parse import urlsplit

import pytest
from django.db import connection

from core.models import Notice
from crm.notices import ASSIGNMENT_CONSUMER
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.core.events.consuming_process import APPLICATION_NAME, start_consuming
from tests.core.events.planted import events_for
from tests.core.events.waiting import consume_until
from tests.crm.factories import make_customer
from tests.workers import wait_until

pytestmark = pytest.mark.slow
KILLS = 50
WRITERS = 2


def is_handling_events() -> bool:
    """Tell whether the process is in a transaction that has changed something."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND backend_xid IS NOT NULL)",
            [APPLICATION_NAME],
        )
        return bool(cursor.fetchone()[0])


def give_customer_to_and_fro(cast: Cast, must_stop: Flag) -> int:
    """Give a customer to two managers in turn until told to stop; return how often."""
    count = 0
    try:
        customer = make_customer(cast.lanzhou)
        while not must_stop.wait(0.01):
            owner = (cast.manager, cast.colleague)[count % 2]
            update_customer(customer_id=customer.pk, actor=cast.head, owner=owner)
            count += 1
    finally:
        connection.close()
    return count


def test_consumer_killed_50_times_misses_no_event_and_doubles_no_notice(
    committed_cast: Cast, own_database: str
) -> None:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{own_database}").geturl()
    must_stop = Flag()
    with ThreadPoolExecutor(WRITERS) as writers:
        try:
            counts = [
                writers.submit(give_customer_to_and_fro, committed_cast, must_stop)
                for _ in range(WRITERS)
            ]
            for _ in range(KILLS):
                process = start_consuming(url)
                wait_until(is_handling_events)
                process.kill()
                process.join()
        finally:
            must_stop.set()
    assignments = sum(count.result() for count in counts)
    last = events_for(ASSIGNMENT_CONSUMER).last()
    assert last is not None
    consume_until(lambda: Notice.objects.filter(key=str(last.context_id)).exists())

    assert assignments > KILLS
    given = [notice.values["count"] for notice in Notice.objects.all()]
    assert given == [1] * assignments
