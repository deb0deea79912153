"""Measuring one scoring run, for the benchmarks ``nightly`` and ``file``."""

from datetime import timedelta

from django.db.models import Max
from django.test.utils import override_settings

from benchmarks.measuring import timer
from core.services.job_execution import execute_in_this_process
from crm.models import Transaction
from segmentation.models import ScoringRun
from segmentation.selectors import current_run
from segmentation.services.run import request_run, scheduler


def run_scoring(days_ago: int = 0) -> tuple[float, ScoringRun]:
    """Run the scoring in this process, as of the day after the last transaction or before it.

    No worker is needed: the run's job is executed here and not sent. Returns the seconds from the
    request to the publication, and the run with its steps. Raises RuntimeError if the run was not
    published.
    """
    last = Transaction.objects.aggregate(last=Max("occurred_on"))["last"]
    with timer() as measured, override_settings(JOB_SENDER="benchmarks.scoring.send_nothing"):
        run = request_run(as_of=last + timedelta(days=1 - days_ago), actor=scheduler())
        execute_in_this_process(job_id=run.job_id)
    run.refresh_from_db()
    if not run.has_result:
        raise RuntimeError(f"the run has {run.state}")
    return measured.seconds, run


def ensure_scores() -> None:
    """Run the scoring of two days, unless there is a run. The second one has new flags."""
    if current_run() is None:
        run_scoring(days_ago=1)
        run_scoring()


def send_nothing(_job_id: int) -> None:
    """Take the place of ``core.tasks.send_job``."""
