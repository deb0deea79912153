"""Scoring runs for tests, made through the services.

``overrides`` are settings of the run in place of the defaults: ``window_days=90``.
"""

from datetime import date
from unittest.mock import patch

from django.utils import timezone

from accounts.models import User
from core.models.job import JobState
from core.services.job_execution import execute_in_this_process
from segmentation.models import CustomerScore, RunState, ScoringRun
from segmentation.services.run import request_run, scheduler
from tests.core.jobs.factories import make_job


def make_queued_run(as_of: date, **overrides: object) -> ScoringRun:
    """Request a run as the scheduler does, without sending its job to a worker."""
    with patch("core.services.job.send_job"):
        return request_run(as_of=as_of, actor=scheduler(), overrides=overrides)


def execute_run(run: ScoringRun) -> ScoringRun:
    """Execute a run's job in this process, and return the run as it is then."""
    execute_in_this_process(job_id=run.job_id)
    run.refresh_from_db()
    return run


def make_published_run(as_of: date, **overrides: object) -> ScoringRun:
    """Request a run and execute it in this process."""
    return execute_run(make_queued_run(as_of, **overrides))


def make_failed_run(user: User, *, as_of: date = date(2026, 10, 1), **values: object) -> ScoringRun:
    """Make a run whose job has failed."""
    job = make_job(user, kind="scoring.run", state=JobState.FAILED, reference="abc")
    options: dict[str, object] = {"settings": {}, "finished_at": timezone.now()} | values
    return ScoringRun.objects.create(
        job=job, as_of=as_of, state=RunState.FAILED, requested_by=user, channel="test", **options
    )


def scores_by_customer(run: ScoringRun) -> dict[int, CustomerScore]:
    """Return the scores of a run by the id of their customer."""
    return {score.customer_id: score for score in CustomerScore.objects.filter(run=run)}
