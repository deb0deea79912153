"""Scoring runs for tests, made through the services.

``overrides`` are settings of the run in place of the defaults: ``window_days=90``.
"""

from datetime import date

from segmentation.models import CustomerScore, ScoringRun
from segmentation.services.run import execute_run, request_run, scheduler


def make_queued_run(as_of: date, **overrides: object) -> ScoringRun:
    """Request a run as the scheduler does, without sending it to a worker."""
    return request_run(
        as_of=as_of, actor=scheduler(), enqueue=lambda run_id: run_id, overrides=overrides
    )


def make_published_run(as_of: date, **overrides: object) -> ScoringRun:
    """Request a run and execute it in this process."""
    run = make_queued_run(as_of, **overrides)
    execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def scores_by_customer(run: ScoringRun) -> dict[int, CustomerScore]:
    """Return the scores of a run by the id of their customer."""
    return {score.customer_id: score for score in CustomerScore.objects.filter(run=run)}
