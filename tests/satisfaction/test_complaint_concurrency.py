"""Two users work on the same complaint, or open one, at the same moment.

A connection sees only committed rows of another one. So each test commits, in a database of its own
(``committed_cast``).
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import TypeVar

import pytest
from django.db import connection, transaction

from common.errors import RefusedError, StaleError
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
)
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint

T = TypeVar("T")


@pytest.fixture
def customer(committed_cast: Cast) -> Customer:
    return make_customer(committed_cast.lanzhou, owner=committed_cast.manager)


def _closing_its_connection(function: Callable[[], T]) -> Callable[[], T]:
    """Return the function for a thread: it closes the thread's database connection at the end."""

    def run() -> T:
        try:
            return function()
        finally:
            connection.close()

    return run


def _outcome(future: Future[object]) -> str:
    """Return the class name of the error that the job raised, or "done" if it raised none."""
    error = future.exception(timeout=20)
    return type(error).__name__ if error else "done"


def _run_concurrently(*jobs: Callable[[], object]) -> list[str]:
    """Start all jobs at the same moment, each on its own connection; return sorted outcomes."""
    barrier = Barrier(len(jobs))

    def start_together(job: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return job()

        return _closing_its_connection(run)

    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(start_together(job)) for job in jobs]
        return sorted(_outcome(future) for future in futures)


def _wait_until_blocked() -> None:
    """Return when another connection waits for a lock that this one holds."""
    deadline = monotonic() + 10
    query = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute(query)
            if cursor.fetchone():
                return
            sleep(0.02)
    raise AssertionError("no connection waited for a lock")


def test_complaints_opened_concurrently_get_different_numbers(
    committed_cast: Cast, customer: Customer
) -> None:
    def open_five() -> None:
        for _ in range(5):
            make_complaint(customer, actor=committed_cast.agent)

    assert _run_concurrently(open_five, open_five, open_five, open_five) == ["done"] * 4
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
            future = pool.submit(_closing_its_connection(open_second))
            _wait_until_blocked()
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
    assert _run_concurrently(*jobs) == sorted([RefusedError.__name__, "done"])
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
            future = pool.submit(_closing_its_connection(close))
            _wait_until_blocked()
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
    assert _run_concurrently(*jobs) == ["done", "done"]
    complaint.refresh_from_db()
    assert complaint.version == 3
    assert complaint.entries.filter(kind=EntryKind.COMMENT).count() == 2
