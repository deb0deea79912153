"""Asking for runs, and what readers see while they go on, end, or come to grief."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from accounts.models import OrgUnit
from common.errors import RefusedError
from crm.models import Customer
from segmentation.models import CustomerScore, RunState, ScoringRun, StepName
from segmentation.selectors import current_run
from segmentation.services import lock, run, steps, tables
from segmentation.services.run import execute_run, request_run, scheduler
from segmentation.services.steps import STEPS, Step
from tests.cast import Cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.segmentation import stories

TODAY = date(2026, 7, 1)
YESTERDAY = TODAY - timedelta(days=1)


class Killed(BaseException):
    """The worker's process is gone: nothing of it may clean up."""


@pytest.fixture
def shop(own_database: str) -> Customer:
    """Three customers, of whom one bought today; return one."""
    unit = OrgUnit.objects.get(parent__isnull=True)
    batch = make_batch(scheduler())
    for number in range(3):
        customer = make_customer(unit)
        make_transaction(customer, on=YESTERDAY, amount="10.00", batch=batch)
        for days in range(2, 10 + number):
            day = TODAY - timedelta(days=20 * days)
            make_transaction(customer, on=day, amount=f"{days}0.00", batch=batch)
    return customer


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """A second session with the database, as another process has it."""
    session = connection.copy()
    yield session
    session.close()


def fetch(session: BaseDatabaseWrapper, query: str) -> list[tuple[object, ...]]:
    with session.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def tables_of_runs() -> set[str]:
    query = r"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_(base|score)_\d+$'"
    return {str(name) for (name,) in fetch(connection, query)}


def die_at(monkeypatch: pytest.MonkeyPatch, position: int, *, before: bool) -> None:
    """Have the worker die right before or right after it does a step, uncommitted."""

    def wrap(step: Step) -> Step:
        def perform(scoring_run: ScoringRun) -> int:
            if not before:
                step.perform(scoring_run)
            raise Killed

        return Step(step.name, perform, step.progress)

    patched = [wrap(step) if n == position else step for n, step in enumerate(STEPS, start=1)]
    monkeypatch.setattr(run, "STEPS", patched)


def work_and_die(run_id: int) -> None:
    with pytest.raises(Killed):
        execute_run(run_id=run_id)
    connection.close()


# --- asking ---------------------------------------------------------------------------------------


def test_run_asked_without_permission_is_refused(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        request_run(as_of=TODAY, actor=cast.manager, enqueue=print)
    assert not ScoringRun.objects.exists()


@pytest.mark.django_db
def test_run_of_a_day_to_come_is_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        stories.ask(timezone.localdate() + timedelta(days=1))
    assert list(caught.value.message_dict) == ["as_of"]


def test_run_asked_is_handed_over_after_it_is_committed(own_database: str) -> None:
    handed: list[tuple[int, bool]] = []

    def enqueue(run_id: int) -> None:
        handed.append((run_id, connection.in_atomic_block))

    asked = request_run(as_of=TODAY, actor=scheduler(), enqueue=enqueue)

    assert handed == [(asked.pk, False)]
    assert (asked.state, asked.channel) == (RunState.QUEUED, "command")


def test_run_that_cannot_be_handed_over_does_not_block_the_next(own_database: str) -> None:
    def fail(run_id: int) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        request_run(as_of=TODAY, actor=scheduler(), enqueue=fail)

    assert ScoringRun.objects.get().state == RunState.INTERRUPTED
    assert stories.ask(TODAY).state == RunState.QUEUED


def test_second_run_is_refused_while_one_is_queued(own_database: str) -> None:
    stories.ask(TODAY)
    with pytest.raises(RefusedError) as caught:
        stories.ask(YESTERDAY)
    assert caught.value.code == "run_active"


def test_second_run_is_refused_while_a_worker_works(
    shop: Customer, other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stories.ask(TODAY)
    die_at(monkeypatch, 2, before=True)
    work_and_die(first.pk)
    assert fetch(other, f"SELECT pg_try_advisory_lock({lock.KEY})") == [(True,)]

    with pytest.raises(RefusedError) as caught:
        stories.ask(TODAY)
    assert caught.value.code == "run_active"
    with pytest.raises(lock.LockTakenError):
        execute_run(run_id=first.pk, patience=0)
    first.refresh_from_db()
    assert first.state == RunState.RUNNING


def test_queued_run_nobody_took_gives_way_after_two_minutes(shop: Customer) -> None:
    lost = stories.ask(TODAY)
    ScoringRun.objects.update(requested_at=timezone.now() - run.QUEUED_PATIENCE)

    done = stories.score(TODAY)
    late = execute_run(run_id=lost.pk)

    lost.refresh_from_db()
    assert (lost.state, lost.started_at) == (RunState.INTERRUPTED, None)
    assert late is None
    assert current_run() == done


# --- doing ----------------------------------------------------------------------------------------


def test_run_publishes_with_its_steps_counts_and_nothing_left_over(shop: Customer) -> None:
    done = stories.score(TODAY)

    assert (done.state, done.progress, done.customers) == (RunState.PUBLISHED, 100, 3)
    assert [(step.name, step.finished_at is not None) for step in done.steps.all()] == [
        (name, True) for name in StepName.values
    ]
    assert tables_of_runs() == {f"segmentation_score_{done.pk}"}
    assert not lock.is_somebody_working()


def test_same_day_twice_gives_the_same_result_once(shop: Customer) -> None:
    first = stories.score(TODAY)
    before = _values(first)

    second = stories.score(TODAY)

    first.refresh_from_db()
    assert (first.state, second.state) == (RunState.SUPERSEDED, RunState.PUBLISHED)
    assert _values(second) == before
    assert current_run() == second
    third = stories.score(TODAY)
    assert tables_of_runs() == {f"segmentation_score_{n.pk}" for n in (second, third)}


def _values(done: ScoringRun) -> list[dict[str, object]]:
    found = CustomerScore.objects.filter(run=done).order_by("customer_id").values()
    return [{key: value for key, value in row.items() if key != "run_id"} for row in found]


def test_day_in_the_past_is_kept_and_does_not_replace_the_current(shop: Customer) -> None:
    today = stories.score(TODAY)
    past = stories.score(YESTERDAY - timedelta(days=30))

    assert current_run() == today
    assert CustomerScore.objects.filter(run=past).count() == 3


def test_run_without_any_transactions_publishes_an_empty_result(own_database: str) -> None:
    done = stories.score(TODAY)

    assert (done.state, done.customers) == (RunState.PUBLISHED, 0)
    assert current_run() == done


def test_message_that_comes_twice_does_nothing_the_second_time(shop: Customer) -> None:
    done = stories.score(TODAY)
    finished_at = done.finished_at

    assert execute_run(run_id=done.pk) is None
    done.refresh_from_db()
    assert done.finished_at == finished_at


def test_readers_see_the_old_run_until_the_new_one_is_published(
    shop: Customer, other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stories.score(YESTERDAY)
    seen: list[tuple[object, ...]] = []

    def watched(step: Step) -> Step:
        def perform(scoring_run: ScoringRun) -> int:
            rows = step.perform(scoring_run)
            seen.extend(fetch(other, "SELECT run_id, count(*) FROM segmentation_score GROUP BY 1"))
            return rows

        return Step(step.name, perform, step.progress)

    monkeypatch.setattr(run, "STEPS", [watched(step) for step in STEPS[:-1]] + [STEPS[-1]])
    new = stories.score(TODAY)

    assert seen == [(old.pk, 3)] * (len(STEPS) - 1)
    assert current_run() == new


def test_publishing_waits_for_no_reader(shop: Customer, other: BaseDatabaseWrapper) -> None:
    stories.score(YESTERDAY)
    other.set_autocommit(autocommit=False)
    fetch(other, "SELECT count(*) FROM segmentation_score JOIN crm_customer ON id = customer_id")

    assert stories.score(TODAY).state == RunState.PUBLISHED


def test_publishing_lets_writers_finish_first(
    shop: Customer, other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "LOCK_TIMEOUT", "50ms")
    waited: list[float] = []

    def finish_writing(seconds: float) -> None:
        waited.append(seconds)
        other.rollback()

    monkeypatch.setattr(time, "sleep", finish_writing)
    other.set_autocommit(autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE crm_customer IN ROW EXCLUSIVE MODE")  # as a writer does

    assert stories.score(TODAY).state == RunState.PUBLISHED
    assert waited == [run.SECONDS_BETWEEN_TRIES]


def test_superseded_scores_in_use_are_left_for_the_next_run(
    shop: Customer, other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "TRIES_TO_DROP", 1)
    first = stories.score(TODAY)
    stories.score(TODAY)
    other.set_autocommit(autocommit=False)
    fetch(other, "SELECT count(*) FROM segmentation_score")

    third = stories.score(TODAY)

    assert third.state == RunState.PUBLISHED
    assert f"segmentation_score_{first.pk}" in tables_of_runs()
    other.rollback()
    stories.score(TODAY)
    assert f"segmentation_score_{first.pk}" not in tables_of_runs()


# --- coming to grief ------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [True, False], ids=["before", "within"])
@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_worker_killed_at_a_step_keeps_the_old_result_and_the_next_run_finishes(
    shop: Customer, monkeypatch: pytest.MonkeyPatch, position: int, before: bool
) -> None:
    old = stories.score(YESTERDAY)
    killed = stories.ask(TODAY)
    with monkeypatch.context() as patch:
        die_at(patch, position, before=before)
        work_and_die(killed.pk)

    killed.refresh_from_db()
    assert killed.state == RunState.RUNNING
    assert current_run() == old
    assert CustomerScore.objects.values_list("run", flat=True).distinct().get() == old.pk

    done = stories.score(TODAY)
    killed.refresh_from_db()
    assert (killed.state, done.state) == (RunState.INTERRUPTED, RunState.PUBLISHED)
    assert current_run() == done
    assert tables_of_runs() == {f"segmentation_score_{n.pk}" for n in (old, done)}


@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_message_delivered_again_after_a_kill_does_the_run_afresh(
    shop: Customer, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    asked = stories.ask(TODAY)
    with monkeypatch.context() as patch:
        die_at(patch, position, before=False)
        work_and_die(asked.pk)

    done = execute_run(run_id=asked.pk)

    assert done is not None
    asked.refresh_from_db()
    assert asked.state == RunState.PUBLISHED
    assert asked.steps.count() == len(STEPS)
    assert CustomerScore.objects.filter(run=asked).count() == 3


def test_step_that_fails_is_told_with_a_reference_and_readers_keep_what_they_had(
    shop: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = stories.score(YESTERDAY)
    asked = stories.ask(TODAY)
    monkeypatch.setattr(steps, "WORK_MEMORY", "no size")

    with pytest.raises(Exception, match="no size"):
        execute_run(run_id=asked.pk)

    asked.refresh_from_db()
    assert asked.state == RunState.FAILED
    assert "no size" in asked.error
    assert asked.reference
    assert asked.reference in caplog.text
    assert current_run() == old
    assert not lock.is_somebody_working()


def test_connection_lost_in_a_step_marks_the_run_failed(
    shop: Customer, other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stories.ask(TODAY)
    [(own,)] = fetch(connection, "SELECT pg_backend_pid()")

    def lose(scoring_run: ScoringRun) -> int:
        fetch(other, f"SELECT pg_terminate_backend({own})")
        return STEPS[1].perform(scoring_run)

    patched = (STEPS[0], Step(StepName.SCORE, lose, 75), *STEPS[2:])
    monkeypatch.setattr(run, "STEPS", patched)
    with pytest.raises(Exception, match=r"terminat|connection"):
        execute_run(run_id=asked.pk)

    asked.refresh_from_db()
    assert asked.state == RunState.FAILED
    monkeypatch.undo()
    assert stories.score(TODAY).state == RunState.PUBLISHED
