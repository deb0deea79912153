"""Requesting a scoring run, and executing it.

A run is executed by its job (``segmentation.jobs``). It is *queued* when it is requested, *running*
while the job runs, and ends *published*, *failed*, *cancelled* or *interrupted*. Scoring the same
day again makes a published run *superseded*. A unique index allows one queued or running run.
Readers see nothing of a run before its last step, which publishes all of it at once.

If the worker is killed or the message lost, the job is sent again (``core.services.job_recovery``),
and the run starts again from the first step. After the last attempt it is interrupted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise, current_channel
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.events.declarations import EventType
from core.jobs.registry import job_kinds
from core.models import Job
from core.models.job import JobState
from core.services.event import emit
from core.services.job import request_job
from core.writing import constraint_name
from segmentation.events import RUN_FAILED, RUN_PUBLISHED
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import ACTIVE_STATES, ONE_ACTIVE_RUN
from segmentation.selectors import published_runs
from segmentation.services import lock, tables
from segmentation.services.settings import ScoringSettings
from segmentation.services.steps import STEPS, RunCounts, Step

JOB_KIND = "scoring.run"
# Only the step publish sets a lock timeout (2 s): it gives up after about ten minutes.
MAX_ATTEMPTS_PER_STEP = 200
SECONDS_BETWEEN_ATTEMPTS = 1.0
# The state of a run whose job has ended in this state without publishing it.
RUN_STATES = {
    JobState.FAILED: RunState.FAILED,
    JobState.CANCELLED: RunState.CANCELLED,
    JobState.INTERRUPTED: RunState.INTERRUPTED,
}


def request_run(
    *, as_of: date, actor: User, overrides: Mapping[str, object] | None = None
) -> ScoringRun:
    """Queue a run and its job, and return the run.

    The run scores the transactions before ``as_of``. ``overrides`` replaces default settings, by
    the names of ScoringSettings: ``{"window_days": 180}``.

    Raises PermissionDenied; ValidationError for a date in the future or invalid settings;
    RefusedError ``run_active`` while another run is queued or running.
    """
    authorise(actor, Permission.RUN_START)
    settings = ScoringSettings.company_default().override(overrides or {})
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": _("This day is still to come.")})
    # Runs are not tracked: the row itself has the requester and the channel. The block makes one
    # transaction, as in every service, and names the action of tracked changes in it.
    try:
        with audited_transaction(actor, Action.RUN_REQUEST):
            job = request_job(
                kind=job_kinds()[JOB_KIND], parameters={"as_of": as_of.isoformat()}, actor=actor
            )
            return ScoringRun.objects.create(
                job=job,
                as_of=as_of,
                settings=settings.as_json(),
                requested_by=actor,
                channel=current_channel(),
            )
    except IntegrityError as error:
        if constraint_name(error) == ONE_ACTIVE_RUN:
            message = _("A scoring run is under way. Wait until it has ended.")
            raise RefusedError("run_active", message) from error
        raise


def request_nightly_run() -> ScoringRun:
    """Request the run of today (local time) as the scheduler. Raises what request_run raises."""
    return request_run(as_of=timezone.localdate(), actor=scheduler())


def scheduler() -> User:
    """Return the service account of the nightly runs, which a migration of accounts creates."""
    return User.objects.get_by_natural_key("scheduler")


def execute_run(
    *,
    run_id: int,
    report_step: Callable[[Step | None, int], None],
    complete: Callable[[RunCounts], None],
) -> None:
    """Execute all steps of a run. The run's job calls this, outside of a transaction.

    Each step commits its own transaction, so that pages show the progress. ``report_step`` is
    called with each step and the percent done before each attempt, and with None again and again
    while the session of a lost worker still holds the scoring lock; what it raises ends the run.
    ``complete`` is called in the transaction that publishes the run. When a step fails, its
    exception is raised, and ``stop_run`` marks the run when the job has ended.
    """
    with lock.scoring_lock(wait=lambda: report_step(None, 0)):
        run = _mark_running(run_id)
        tables.drop_abandoned_tables()
        percent = 0
        for position, step in enumerate(STEPS, start=1):
            _run_step_with_retry(
                step, position, run, complete, report=partial(report_step, step, percent)
            )
            percent = step.progress


def stop_run(job: Job) -> None:
    """Mark the run of a job that has ended without publishing it, as the job was.

    Call it in the transaction that ends the job.
    """
    run = ScoringRun.objects.select_related("requested_by").get(job=job)
    ScoringRun.objects.filter(pk=run.pk, state__in=ACTIVE_STATES).update(
        state=RUN_STATES[JobState(job.state)], finished_at=job.ended_at
    )
    if job.state != JobState.CANCELLED:
        _emit(RUN_FAILED, run, {"reference": job.reference})


def _mark_running(run_id: int) -> ScoringRun:
    """Mark an active run running and return it.

    A run that is running already has lost its worker, and starts again. The steps recorded so far
    are therefore deleted.
    """
    with transaction.atomic():
        run = ScoringRun.objects.select_for_update(of=["self"]).get(pk=run_id)
        run.steps.all().delete()
        run.state, run.started_at, run.progress = RunState.RUNNING, timezone.now(), 0
        run.previous = published_runs().filter(as_of__lt=run.as_of).first()
        run.save(update_fields=["state", "started_at", "progress", "previous"])
    return run


def _run_step_with_retry(
    step: Step,
    position: int,
    run: ScoringRun,
    complete: Callable[[RunCounts], None],
    *,
    report: Callable[[], None],
) -> None:
    """Record the start of a step and run it; run it again after each lock timeout.

    ``position`` is the step's number, from 1. ``report`` is called before each attempt; what it
    raises ends the run. Raises the step's exception; a lock timeout only after
    MAX_ATTEMPTS_PER_STEP.
    """
    report()
    record = ScoringStep.objects.create(
        run=run, position=position, name=step.name, started_at=timezone.now()
    )
    for attempt in range(1, MAX_ATTEMPTS_PER_STEP + 1):
        try:
            _run_and_record_step(step, record, run, complete)
        except OperationalError as error:
            if attempt == MAX_ATTEMPTS_PER_STEP or not tables.is_lock_timeout(error):
                raise
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
            report()
        else:
            return


@transaction.atomic
def _run_and_record_step(
    step: Step, record: ScoringStep, run: ScoringRun, complete: Callable[[RunCounts], None]
) -> None:
    """Run a step and store its result in its record and in the run, in one transaction.

    If the run is no longer running, RefusedError is raised and the step rolled back. The lock keeps
    other workers from marking it; this is for what the lock does not cover, such as a connection
    that a pooler has replaced.
    """
    result = step.perform(run)
    record.rows = result.rows
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "finished_at"])
    changes: dict[str, object] = {"progress": step.progress}
    counts = result.published_counts
    if counts is not None:
        changes |= asdict(counts)  # fields of RunCounts are fields of ScoringRun
        changes |= {"state": RunState.PUBLISHED, "finished_at": record.finished_at}
    if not ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**changes):
        raise RefusedError("run_not_running", f"run {run.pk} is no longer running")
    if counts is not None:
        _emit(RUN_PUBLISHED, run, asdict(counts))
        complete(counts)


def _emit(event_type: EventType, run: ScoringRun, data: Mapping[str, object]) -> None:
    with audited_transaction(run.requested_by, Action.RUN_EXECUTE):
        emit(event_type, object_id=run.pk, data={"as_of": run.as_of, **data})
