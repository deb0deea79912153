"""Measuring one scoring run, for the benchmarks ``nightly`` and ``file``."""

from datetime import timedelta

from django.db.models import Max

from benchmarks.measuring import timer
from crm.models import Transaction
from segmentation.models import ScoringRun
from segmentation.services.run import execute_run, request_run, scheduler


def run_scoring() -> tuple[float, ScoringRun]:
    """Run the scoring in this process, as of the day after the last transaction.

    No worker is needed: the run is executed here and not queued. Returns the seconds from the
    request to the publication, and the run with its steps. Raises RuntimeError if another process
    has taken the run.
    """
    last = Transaction.objects.aggregate(last=Max("occurred_on"))["last"]
    queued_run_ids: list[int] = []
    with timer() as measured:
        request_run(
            as_of=last + timedelta(days=1), actor=scheduler(), enqueue=queued_run_ids.append
        )
        run = execute_run(run_id=queued_run_ids[0])
    if run is None:
        raise RuntimeError("another process has taken the run")
    return measured.seconds, run
