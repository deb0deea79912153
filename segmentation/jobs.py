"""The kind of job that executes a scoring run."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.jobs.declarations import JobKind, JobResult, RunningJob
from segmentation.models import ScoringRun, StepName
from segmentation.services.run import JOB_KIND, execute_run, stop_run
from segmentation.services.steps import RunCounts, Step

WAIT = "wait"  # the activity while the database has not yet noticed that a worker was lost


def _run(job: RunningJob) -> JobResult:
    """Execute the run of the job, and complete the job in the transaction that publishes it."""
    run_id = ScoringRun.objects.get(job=job.pk).pk
    published: list[JobResult] = []

    def report_step(step: Step | None, percent: int) -> None:
        activity = WAIT if step is None else step.name.value
        job.report_progress(activity, done=percent, total=100)

    def complete(counts: RunCounts) -> None:
        published.append(JobResult(rows_done=counts.customers, result={"run": run_id}))
        job.complete(published[0])

    execute_run(run_id=run_id, report_step=report_step, complete=complete)
    return published[0]


SCORING_RUN = JobKind(
    name=JOB_KIND,
    label=_("Scoring run"),
    run=_run,
    permission=Permission.RUN_START,
    activities={WAIT: _("Waiting for an earlier worker"), **dict(StepName.choices)},
    result_template="segmentation/_job_result.html",
    url_name="runs",
    on_stopped=stop_run,
    notice_states=(),  # segmentation.notices tells how runs have ended
)
