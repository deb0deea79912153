"""The end of a scoring run is an event."""

from dataclasses import replace
from datetime import date

import pytest
from django.utils import timezone

from accounts.actions import Action
from core.models import Event, Job
from core.models.job import JobState
from core.services.job import request_cancel
from core.services.job_execution import MAX_ATTEMPTS
from segmentation.models import RunState, ScoringRun
from segmentation.services import run as run_service
from segmentation.services.run import scheduler
from segmentation.services.steps import STEPS, StepResult
from tests.cast import Cast
from tests.segmentation.factories import execute_run, make_published_run, make_queued_run

AS_OF = date(2026, 10, 1)


def _event(event_type: str, run: ScoringRun) -> Event:
    return Event.objects.select_related("context").get(type=event_type, object_id=run.pk)


def test_published_run_is_one_event_with_its_counts(cast: Cast) -> None:
    run = make_published_run(AS_OF)
    event = _event("run.published", run)
    assert event.data == {
        "as_of": "2026-10-01",
        "customers": 0,
        "flagged_watch": 0,
        "flagged_high": 0,
    }
    assert event.actor_id == scheduler().pk
    assert event.context.metadata["action"] == Action.RUN_EXECUTE
    assert not Event.objects.filter(type="run.failed").exists()


def test_failed_run_is_an_event_with_the_reference_of_the_error(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_run: ScoringRun) -> StepResult:
        raise RuntimeError("boom")

    first, *others = STEPS
    monkeypatch.setattr(run_service, "STEPS", (replace(first, perform=fail), *others))
    run = make_queued_run(AS_OF)
    execute_run(run)
    assert run.reference
    assert _event("run.failed", run).data == {"as_of": "2026-10-01", "reference": run.reference}
    assert not Event.objects.filter(type="run.published").exists()


def test_run_whose_workers_were_lost_is_an_event_without_a_reference(cast: Cast) -> None:
    run = make_queued_run(AS_OF)
    Job.objects.filter(pk=run.job_id).update(
        state=JobState.RUNNING, started_at=timezone.now(), attempts=MAX_ATTEMPTS
    )
    run = execute_run(run)
    assert run.state == RunState.INTERRUPTED
    assert _event("run.failed", run).data == {"as_of": "2026-10-01", "reference": ""}


def test_cancelled_run_is_no_event(cast: Cast) -> None:
    run = make_queued_run(AS_OF)
    request_cancel(job_id=run.job_id, actor=cast.sysadmin)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not Event.objects.filter(object_id=run.pk, type__startswith="run.").exists()
