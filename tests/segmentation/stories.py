"""Shared steps of the tests about runs: asking for one and doing it at once."""

from datetime import date

from segmentation.models import CustomerScore, ScoringRun
from segmentation.services.run import execute_run, request_run, scheduler


def ask(as_of: date, **overrides: object) -> ScoringRun:
    """Queue a run as the scheduler, handing it to nobody."""
    return request_run(
        as_of=as_of, actor=scheduler(), enqueue=lambda run_id: run_id, overrides=overrides
    )


def score(as_of: date, **overrides: object) -> ScoringRun:
    """Ask for a run, do it, and return it as the database now has it."""
    run = ask(as_of, **overrides)
    execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def scores(run: ScoringRun) -> dict[int, CustomerScore]:
    """Return the run's scores by customer."""
    return {one.customer_id: one for one in CustomerScore.objects.filter(run=run)}
