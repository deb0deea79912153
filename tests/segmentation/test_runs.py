"""Requesting and executing runs, and what readers see meanwhile and when something fails."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from accounts.models import OrgUnit
from common.errors import RefusedError
from core.models import Job
from core.services import job_lock
from core.services.job import request_cancel
from core.services.job_execution import MAX_ATTEMPTS
from segmentation import tasks
from segmentation.models import (
    ChurnLevel,
    CustomerScore,
    RunState,
    ScoreTotal,
    ScoringRun,
    StepName,
)
from segmentation.selectors import current_run
from segmentation.services import lock, run, steps, tables
from segmentation.services.run import request_run, scheduler
from segmentation.services.steps import STEPS, Step, StepResult
from tests.cast import Cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.segmentation.factories import (
    execute_run,
    make_failed_run,
    make_published_run,
    make_queued_run,
)

TODAY = date(2026, 7, 1)
YESTERDAY = TODAY - timedelta(days=1)


class WorkerKilledError(BaseException):
    """Stands for the death of the worker's process. No ``except Exception`` handles it."""


@pytest.fixture
def customers(own_database: str) -> None:
    """Make three customers with purchases until yesterday, in a database of the test's own."""
    unit = OrgUnit.objects.get(parent__isnull=True)
    batch = make_batch(scheduler())
    for number in range(3):
        customer = make_customer(unit)
        make_transaction(customer, on=YESTERDAY, amount="10.00", batch=batch)
        for days in range(2, 10 + number):
            day = TODAY - timedelta(days=20 * days)
            make_transaction(customer, on=day, amount=f"{days}0.00", batch=batch)


@pytest.fixture
def other_session() -> Iterator[BaseDatabaseWrapper]:
    """A second database session, like that of another process."""
    session = connection.copy()
    yield session
    session.close()


def fetch(session: BaseDatabaseWrapper, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query in a database session."""
    with session.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def run_tables() -> set[str]:
    """Return the names of the tables that runs have made: intermediate tables and scores."""
    query = r"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_(base|score)_\d+$'"
    return {str(name) for (name,) in fetch(connection, query)}


def kill_worker_in_step(monkeypatch: pytest.MonkeyPatch, position: int, *, before: bool) -> None:
    """Make execute_run raise WorkerKilledError in the step at ``position``, counted from 1.

    With ``before`` the step does nothing. Otherwise it does all its work, which is not committed.
    """

    def wrap(step: Step) -> Step:
        def perform(scoring_run: ScoringRun) -> StepResult:
            if not before:
                step.perform(scoring_run)
            raise WorkerKilledError

        return Step(step.name, perform, step.progress)

    patched = [wrap(step) if n == position else step for n, step in enumerate(STEPS, start=1)]
    monkeypatch.setattr(run, "STEPS", patched)


def execute_until_killed(killed_run: ScoringRun) -> None:
    """Execute a run to its WorkerKilledError, and end the session as the dead process would."""
    with pytest.raises(WorkerKilledError):
        execute_run(killed_run)
    connection.close()


# --- requesting -----------------------------------------------------------------------------------


def test_request_without_permission_is_refused(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        request_run(as_of=TODAY, actor=cast.manager)
    assert not ScoringRun.objects.exists()


@pytest.mark.django_db
def test_run_of_a_future_day_is_refused() -> None:
    with pytest.raises(ValidationError) as error:
        make_queued_run(timezone.localdate() + timedelta(days=1))
    assert list(error.value.message_dict) == ["as_of"]


def test_job_of_a_requested_run_is_sent_after_the_commit(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, bool]] = []
    monkeypatch.setattr(
        "core.services.job.send_job", lambda pk: sent.append((pk, connection.in_atomic_block))
    )
    requested = request_run(as_of=TODAY, actor=scheduler())

    assert sent == [(requested.job_id, False)]
    assert (requested.state, requested.channel) == (RunState.QUEUED, "command")


def test_refused_run_leaves_no_job(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr("core.services.job.send_job", sent.append)
    first = request_run(as_of=TODAY, actor=scheduler())
    with pytest.raises(RefusedError):
        request_run(as_of=YESTERDAY, actor=scheduler())
    assert [job.pk for job in Job.objects.all()] == [first.job_id] == sent


def test_second_run_is_refused_while_one_is_queued(own_database: str) -> None:
    make_queued_run(TODAY)
    with pytest.raises(RefusedError) as error:
        make_queued_run(YESTERDAY)
    assert error.value.code == "run_active"


def test_violation_of_another_constraint_is_not_reported_as_an_active_run(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "current_channel", lambda: None)  # the column is NOT NULL
    with pytest.raises(IntegrityError, match="channel"):
        make_queued_run(TODAY)
    assert not ScoringRun.objects.exists()


def test_run_waits_while_the_session_of_a_lost_worker_holds_the_lock(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested = make_queued_run(TODAY)
    assert fetch(other_session, f"SELECT pg_try_advisory_lock({lock.LOCK_KEY})") == [(True,)]
    waits: list[float] = []

    def release(seconds: float) -> None:
        waits.append(seconds)
        fetch(other_session, f"SELECT pg_advisory_unlock({lock.LOCK_KEY})")

    monkeypatch.setattr(time, "sleep", release)
    assert execute_run(requested).state == RunState.PUBLISHED
    assert waits == [lock.SECONDS_BETWEEN_ATTEMPTS]


def test_cancelled_run_ends_between_its_steps_and_shows_nothing(
    customers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_published_run(YESTERDAY)
    requested = make_queued_run(TODAY)

    def cancel(scoring_run: ScoringRun) -> StepResult:
        request_cancel(job_id=scoring_run.job_id, actor=scheduler())
        return STEPS[0].perform(scoring_run)

    monkeypatch.setattr(run, "STEPS", [replace(STEPS[0], perform=cancel), *STEPS[1:]])
    assert execute_run(requested).state == RunState.CANCELLED
    assert requested.steps.count() == 1
    assert current_run() == old
    monkeypatch.undo()
    assert make_published_run(TODAY).state == RunState.PUBLISHED


def test_queued_run_that_is_cancelled_makes_room_for_another(own_database: str) -> None:
    requested = make_queued_run(TODAY)
    request_cancel(job_id=requested.job_id, actor=scheduler())
    requested.refresh_from_db()
    assert (requested.state, requested.started_at) == (RunState.CANCELLED, None)
    assert execute_run(requested).state == RunState.CANCELLED  # a late message does nothing
    assert make_queued_run(TODAY).state == RunState.QUEUED


# --- executing ------------------------------------------------------------------------------------


def test_published_run_has_its_steps_and_counts_and_leaves_no_other_tables(
    customers: None,
) -> None:
    published = make_published_run(TODAY)

    assert (published.state, published.progress, published.customers) == (
        RunState.PUBLISHED,
        100,
        3,
    )
    assert [(step.name, step.finished_at is not None) for step in published.steps.all()] == [
        (name, True) for name in StepName.values
    ]
    assert run_tables() == {f"segmentation_score_{published.pk}"}
    assert not lock.is_locked()


def test_same_day_scored_again_supersedes_the_first_run_with_the_same_scores(
    customers: None,
) -> None:
    first = make_published_run(TODAY)
    first_scores = _score_values(first)

    second = make_published_run(TODAY)

    first.refresh_from_db()
    assert (first.state, second.state) == (RunState.SUPERSEDED, RunState.PUBLISHED)
    assert _score_values(second) == first_scores
    assert current_run() == second
    assert ScoreTotal.objects.filter(run=first).exists()
    third = make_published_run(TODAY)
    assert not ScoreTotal.objects.filter(run=first).exists()
    assert run_tables() == {
        f"segmentation_score_{scoring_run.pk}" for scoring_run in (second, third)
    }


def test_run_compares_its_flags_with_those_of_the_published_run_before(customers: None) -> None:
    first = make_published_run(TODAY)
    second = make_published_run(TODAY + timedelta(days=100))
    make_failed_run(scheduler(), as_of=TODAY + timedelta(days=101))
    third = make_published_run(TODAY + timedelta(days=102))

    assert [each.previous for each in (first, second, third)] == [None, first, second]
    assert set(_levels(first, "previous_churn_level").values()) == {ChurnLevel.NONE}
    assert set(_levels(first, "churn_level").values()) == {ChurnLevel.WATCH}
    for run_before, scoring_run in ((first, second), (second, third)):
        levels_before = _levels(run_before, "churn_level")
        assert _levels(scoring_run, "previous_churn_level") == levels_before


def _levels(scoring_run: ScoringRun, field: str) -> dict[int, int]:
    """Return a field with churn levels by customer."""
    scores = CustomerScore.objects.filter(run=scoring_run)
    return dict(scores.values_list("customer_id", field))


def _score_values(scoring_run: ScoringRun) -> list[dict[str, object]]:
    rows = CustomerScore.objects.filter(run=scoring_run).order_by("customer_id").values()
    return [{key: value for key, value in row.items() if key != "run_id"} for row in rows]


def test_run_of_a_past_day_is_stored_and_does_not_replace_the_current_run(
    customers: None,
) -> None:
    today = make_published_run(TODAY)
    past = make_published_run(YESTERDAY - timedelta(days=30))

    assert current_run() == today
    assert CustomerScore.objects.filter(run=past).count() == 3


def test_run_without_any_transactions_publishes_an_empty_result(own_database: str) -> None:
    published = make_published_run(TODAY)

    assert (published.state, published.customers) == (RunState.PUBLISHED, 0)
    assert current_run() == published


def test_message_delivered_twice_does_nothing_the_second_time(customers: None) -> None:
    published = make_published_run(TODAY)
    finished_at = published.finished_at

    assert execute_run(published).finished_at == finished_at


def test_readers_see_the_old_run_until_the_new_one_is_published(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_published_run(YESTERDAY)
    visible: list[tuple[object, ...]] = []

    def record_visible_scores(step: Step) -> Step:
        def perform(scoring_run: ScoringRun) -> StepResult:
            result = step.perform(scoring_run)
            visible.extend(
                fetch(other_session, "SELECT run_id, count(*) FROM segmentation_score GROUP BY 1")
            )
            return result

        return Step(step.name, perform, step.progress)

    patched = [record_visible_scores(step) for step in STEPS[:-1]]
    monkeypatch.setattr(run, "STEPS", [*patched, STEPS[-1]])
    new = make_published_run(TODAY)

    assert visible == [(old.pk, 3)] * (len(STEPS) - 1)
    assert current_run() == new


def test_publishing_does_not_wait_for_readers(
    customers: None, other_session: BaseDatabaseWrapper
) -> None:
    make_published_run(YESTERDAY)
    other_session.set_autocommit(autocommit=False)
    fetch(
        other_session,
        "SELECT count(*) FROM segmentation_score JOIN crm_customer ON id = customer_id",
    )

    assert make_published_run(TODAY).state == RunState.PUBLISHED


def test_publishing_waits_until_writers_have_finished(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "LOCK_TIMEOUT", "50ms")
    sleeps: list[float] = []

    def finish_writing(seconds: float) -> None:
        sleeps.append(seconds)
        other_session.rollback()

    monkeypatch.setattr(time, "sleep", finish_writing)
    other_session.set_autocommit(autocommit=False)
    with other_session.cursor() as cursor:
        cursor.execute("LOCK TABLE crm_customer IN ROW EXCLUSIVE MODE")  # as a writer does

    assert make_published_run(TODAY).state == RunState.PUBLISHED
    assert sleeps == [run.SECONDS_BETWEEN_ATTEMPTS]


def test_run_that_waits_for_writers_can_be_cancelled(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(job_lock, "SECONDS_BETWEEN_WRITES", 0)
    waiting = make_queued_run(TODAY)
    monkeypatch.setattr(
        time, "sleep", lambda _seconds: request_cancel(job_id=waiting.job_id, actor=scheduler())
    )
    other_session.set_autocommit(autocommit=False)
    with other_session.cursor() as cursor:
        cursor.execute("LOCK TABLE crm_customer IN ROW EXCLUSIVE MODE")  # as a writer does

    assert execute_run(waiting).state == RunState.CANCELLED


def test_nightly_run_is_requested_again_while_another_is_active(
    customers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_queued_run(YESTERDAY)
    requests: list[date] = []

    def request() -> None:
        try:
            requests.append(make_queued_run(TODAY).as_of)
        except RefusedError:
            execute_run(other)  # it ends before the next attempt
            raise

    monkeypatch.setattr(tasks, "request_nightly_run", request)
    tasks.run_nightly.apply()
    assert requests == [TODAY]


def test_superseded_scores_in_use_are_dropped_by_the_next_run(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_DROP_ATTEMPTS", 1)
    first = make_published_run(TODAY)
    make_published_run(TODAY)
    other_session.set_autocommit(autocommit=False)
    fetch(other_session, "SELECT count(*) FROM segmentation_score")

    third = make_published_run(TODAY)

    assert third.state == RunState.PUBLISHED
    assert f"segmentation_score_{first.pk}" in run_tables()
    other_session.rollback()
    make_published_run(TODAY)
    assert f"segmentation_score_{first.pk}" not in run_tables()


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [True, False], ids=["before", "within"])
@pytest.mark.parametrize("position", range(1, len(STEPS) + 1))
def test_worker_killed_at_a_step_keeps_the_old_result_and_the_run_is_begun_again(
    customers: None, monkeypatch: pytest.MonkeyPatch, position: int, before: bool
) -> None:
    old = make_published_run(YESTERDAY)
    killed_run = make_queued_run(TODAY)
    with monkeypatch.context() as patch:
        kill_worker_in_step(patch, position, before=before)
        execute_until_killed(killed_run)

    killed_run.refresh_from_db()
    assert killed_run.state == RunState.RUNNING
    assert current_run() == old
    assert CustomerScore.objects.values_list("run", flat=True).distinct().get() == old.pk
    with pytest.raises(RefusedError):
        make_queued_run(TODAY)

    assert execute_run(killed_run).state == RunState.PUBLISHED
    assert killed_run.steps.count() == len(STEPS)
    assert CustomerScore.objects.filter(run=killed_run).count() == 3
    assert run_tables() == {f"segmentation_score_{each.pk}" for each in (old, killed_run)}


def test_run_whose_workers_are_killed_again_and_again_is_interrupted(
    customers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested = make_queued_run(TODAY)
    with monkeypatch.context() as patch:
        kill_worker_in_step(patch, 2, before=False)
        for _attempt in range(MAX_ATTEMPTS):
            execute_until_killed(requested)
    assert execute_run(requested).state == RunState.INTERRUPTED
    assert not CustomerScore.objects.exists()
    assert make_published_run(TODAY).state == RunState.PUBLISHED
    assert run_tables() == {f"segmentation_score_{current_run().pk}"}  # type: ignore[union-attr]


def test_failed_step_is_logged_with_a_reference_and_readers_keep_the_old_run(
    customers: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = make_published_run(YESTERDAY)
    requested = make_queued_run(TODAY)
    monkeypatch.setattr(steps, "WORK_MEMORY", "no size")

    assert execute_run(requested).state == RunState.FAILED
    assert "no size" in caplog.text
    assert requested.reference
    assert requested.reference in caplog.text
    assert current_run() == old
    assert not lock.is_locked()


def test_run_whose_connection_is_lost_is_begun_again(
    customers: None, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested = make_queued_run(TODAY)
    [(process_id,)] = fetch(connection, "SELECT pg_backend_pid()")

    def lose_connection(scoring_run: ScoringRun) -> StepResult:
        fetch(other_session, f"SELECT pg_terminate_backend({process_id})")
        return STEPS[1].perform(scoring_run)

    patched = (STEPS[0], Step(StepName.SCORE, lose_connection, 75), *STEPS[2:])
    with monkeypatch.context() as patch:
        patch.setattr(run, "STEPS", patched)
        with pytest.raises(Exception, match=r"terminat|connection"):
            execute_run(requested)
    requested.refresh_from_db()
    assert requested.state == RunState.RUNNING
    assert execute_run(requested).state == RunState.PUBLISHED
