"""One whole scoring run, timed."""

from datetime import timedelta

from django.db.models import Max

from benchmarks.measuring import clock
from crm.models import Transaction
from segmentation.models import ScoringRun
from segmentation.services.run import execute_run, request_run, scheduler


def score() -> tuple[float, ScoringRun]:
    """Score as of the day after the last transaction, in this process.

    Returns the seconds from asking for the run to its publication, and the run with its steps.
    """
    last = Transaction.objects.aggregate(last=Max("occurred_on"))["last"]
    queued: list[int] = []
    with clock() as running:
        request_run(as_of=last + timedelta(days=1), actor=scheduler(), enqueue=queued.append)
        run = execute_run(run_id=queued[0])
    if run is None:
        raise RuntimeError("the run was taken by somebody else")
    return running.seconds, run
