"""Two users work on the same complaint, or open one, at the same moment.

A connection sees only committed rows of another one. So each test commits, in a database of its own
(``committed_cast``).
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from common.errors import RefusedError, StaleError
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
)
from tests.cast import Cast
from tests.concurrency import closing_its_connection, run_concurrently, wait_until_blocked
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def customer(committed_cast: Cast) -> Customer:
    return make_customer(committed_cast.lanzhou, owner=committed_cast.manager)


def test_complaints_opened_concurrently_get_different_numbers(
    committed_cast: Cast, customer: Customer
) -> None:
    def open_five() -> None:
        for _ in range(5):
            make_complaint(customer, actor=committed_cast.agent)

    assert run_concurrently(open_five, open_five, open_five, open_five) == ["done"] * 4
    numbers = sorted(Complaint.objects.values_list("number", flat=True))
    assert [number[-5:] for number in numbers] == [f"{n:05}" for n in range(1, 21)]


def test_second_opening_waits_for_the_first_to_commit(
    committed_cast: Cast, customer: Customer
) -> None:
    def open_second() -> str:
        return make_complaint(customer, actor=committed_cast.agent).number

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = make_complaint(customer, actor=committed_cast.manager).number
            future = pool.submit(closing_its_connection(open_second))
            wait_until_blocked()
        assert future.result(timeout=20) > first


def test_opening_that_fails_does_not_break_the_numbering(
    committed_cast: Cast, customer: Customer
) -> None:
    with transaction.atomic():
        make_complaint(customer, actor=committed_cast.agent)
        transaction.set_rollback(True)
    first = make_complaint(customer, actor=committed_cast.agent).number
    second = make_complaint(customer, actor=committed_cast.agent).number
    assert first < second


def test_two_concurrent_closings_close_once(committed_cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=committed_cast.agent)
    jobs = [
        lambda: close_complaint(
            complaint_id=complaint.pk, resolution="Mine.", actor=committed_cast.agent
        ),
        lambda: close_complaint(
            complaint_id=complaint.pk, resolution="Mine too.", actor=committed_cast.manager
        ),
    ]
    assert run_concurrently(*jobs) == sorted([RefusedError.__name__, "done"])
    closing = ComplaintEntry.objects.get(complaint=complaint, kind=EntryKind.CLOSED)
    complaint.refresh_from_db()
    assert (closing.text, closing.author) == (complaint.resolution, complaint.closed_by)


def test_closing_while_somebody_comments_is_stale(committed_cast: Cast, customer: Customer) -> None:
    """The comment is not committed when the other user closes: closing waits, then is refused."""
    complaint = make_complaint(customer, actor=committed_cast.agent)

    def close() -> Complaint:
        return close_complaint(
            complaint_id=complaint.pk, resolution="Fine.", actor=committed_cast.agent, version=1
        )

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            comment_on_complaint(
                complaint_id=complaint.pk, text="Still down!", actor=committed_cast.manager
            )
            future = pool.submit(closing_its_connection(close))
            wait_until_blocked()
        assert isinstance(future.exception(timeout=20), StaleError)
    complaint.refresh_from_db()
    assert complaint.state == State.RECEIVED


def test_concurrent_comments_are_all_saved(committed_cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=committed_cast.agent)
    jobs = [
        lambda: comment_on_complaint(
            complaint_id=complaint.pk, text="One.", actor=committed_cast.agent
        ),
        lambda: comment_on_complaint(
            complaint_id=complaint.pk, text="Two.", actor=committed_cast.manager
        ),
    ]
    assert run_concurrently(*jobs) == ["done", "done"]
    complaint.refresh_from_db()
    assert complaint.version == 3
    assert complaint.entries.filter(kind=EntryKind.COMMENT).count() == 2
