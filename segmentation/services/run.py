"""Requesting a scoring run, and executing it.

A run is *queued* when it is requested, *running* while a worker holds the scoring lock, and ends
*published*, *failed* or *interrupted*. Scoring the same day again makes a published run
*superseded*. A unique index allows one queued or running run. Readers see nothing of a run before
its last step, which publishes all of it at once.

What can go wrong, and what happens then:

- The worker is killed: the database releases its lock. If the broker delivers the message to
  another worker, that worker starts the run again from the first step. Otherwise the next request
  marks the run interrupted.
- The message is lost: the next request marks a run interrupted that no worker has taken for two
  minutes. If the message arrives later, its run has ended and nothing is done.
- A message is delivered twice: the second time the run has ended and nothing is done.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise, current_channel
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.writing import constraint_name
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import ACTIVE_STATES, ONE_ACTIVE_RUN
from segmentation.services import lock, tables
from segmentation.services.settings import ScoringSettings
from segmentation.services.steps import STEPS, Step

logger = logging.getLogger(__name__)

QUEUE_TIMEOUT = timedelta(minutes=2)
MAX_ATTEMPTS_PER_STEP = 200
SECONDS_BETWEEN_ATTEMPTS = 1.0

Enqueue = Callable[[int], object]


def request_run(
    *,
    as_of: date,
    actor: User,
    enqueue: Enqueue,
    overrides: Mapping[str, object] | None = None,
) -> ScoringRun:
    """Queue a run as of a date and pass its id to ``enqueue`` once it is committed.

    Raises PermissionDenied; ValidationError for a date in the future or invalid settings;
    RefusedError ``run_active`` while another run is queued or running.
    """
    authorise(actor, Permission.RUN_START)
    settings = ScoringSettings.company_default().override(overrides or {})
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": _("This day is still to come.")})
    with audited_transaction(actor, Action.RUN_REQUEST):
        _interrupt_abandoned_run()
        try:
            with transaction.atomic():
                run = ScoringRun.objects.create(
                    as_of=as_of,
                    settings=settings.as_json(),
                    requested_by=actor,
                    channel=current_channel(),
                )
        except IntegrityError as error:
            if constraint_name(error) == ONE_ACTIVE_RUN:
                raise _run_active_error() from error
            raise
        transaction.on_commit(partial(_enqueue_after_commit, run.pk, enqueue))
    return run


def request_nightly_run(*, enqueue: Enqueue) -> ScoringRun:
    """Queue the run of the local day as the scheduler. Raises the errors of request_run."""
    return request_run(as_of=timezone.localdate(), actor=scheduler(), enqueue=enqueue)


def scheduler() -> User:
    """Return the service account that requests the nightly runs."""
    return User.objects.get_by_natural_key("scheduler")


def execute_run(*, run_id: int, lock_timeout_seconds: float = 20) -> ScoringRun | None:
    """Execute all steps of a run and return it; return None for a run that has ended already.

    Only the worker calls this. Raises lock.LockTakenError when another worker still holds the
    scoring lock after ``lock_timeout_seconds``. When a step fails, the run is marked failed and the
    step's exception is raised.
    """
    with lock.scoring_lock(timeout_seconds=lock_timeout_seconds):
        run = _mark_running(run_id)
        if run is None:
            return None
        try:
            tables.drop_abandoned_tables()
            for position, step in enumerate(STEPS, start=1):
                _run_step_with_retry(step, position, run)
        except Exception as error:
            _mark_failed(run, error)
            raise
        run.refresh_from_db()
        return run


def _interrupt_abandoned_run() -> None:
    """Raise RefusedError while a run is active; mark a run interrupted that has no worker.

    A run has no worker when the scoring lock is free and, if it is queued, it was requested more
    than QUEUE_TIMEOUT ago. The lock is then held until the caller's transaction ends, so that no
    worker starts the run meanwhile.
    """
    active = ScoringRun.objects.select_for_update().filter(state__in=ACTIVE_STATES).first()
    if active is None:
        return
    is_queued = active.state == RunState.QUEUED
    if is_queued and active.requested_at > timezone.now() - QUEUE_TIMEOUT:
        raise _run_active_error()
    if not lock.try_transaction_lock():
        raise _run_active_error()
    active.state = RunState.INTERRUPTED
    active.finished_at = timezone.now()
    active.save(update_fields=["state", "finished_at"])


def _run_active_error() -> RefusedError:
    return RefusedError("run_active", _("A scoring run is under way. Wait until it has ended."))


def _enqueue_after_commit(run_id: int, enqueue: Enqueue) -> None:
    """Pass the run to the worker. If that fails, interrupt the run: it must not block the next.

    The broker's error is raised again, to the caller of ``request_run``.
    """
    try:
        enqueue(run_id)
    except Exception:
        ScoringRun.objects.filter(pk=run_id, state=RunState.QUEUED).update(
            state=RunState.INTERRUPTED, finished_at=timezone.now()
        )
        raise


@transaction.atomic
def _mark_running(run_id: int) -> ScoringRun | None:
    """Mark an active run running and return it; return None for a run that has ended.

    The caller holds the scoring lock, so a run that is running already has lost its worker. It
    starts again: the steps recorded so far are deleted.
    """
    run = ScoringRun.objects.select_for_update().get(pk=run_id)
    if not run.is_active:
        return None
    run.steps.all().delete()
    run.state, run.started_at, run.progress = RunState.RUNNING, timezone.now(), 0
    run.save(update_fields=["state", "started_at", "progress"])
    return run


def _run_step_with_retry(step: Step, position: int, run: ScoringRun) -> None:
    """Run a step; after a lock timeout let the other transactions finish and run it again."""
    record = ScoringStep.objects.create(
        run=run, position=position, name=step.name, started_at=timezone.now()
    )
    for attempt in range(1, MAX_ATTEMPTS_PER_STEP + 1):
        try:
            _run_and_record_step(step, record, run)
        except OperationalError as error:
            if attempt == MAX_ATTEMPTS_PER_STEP or not tables.is_lock_timeout(error):
                raise
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
        else:
            return


@transaction.atomic
def _run_and_record_step(step: Step, record: ScoringStep, run: ScoringRun) -> None:
    """Run a step and store its result with the step and the run, in one transaction."""
    result = step.perform(run)
    record.rows = result.rows
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "finished_at"])
    changes: dict[str, object] = {"progress": step.progress}
    if result.published_counts is not None:
        changes |= asdict(result.published_counts)  # the names of RunCounts are columns of the run
        changes |= {"state": RunState.PUBLISHED, "finished_at": record.finished_at}
    if not ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**changes):
        raise RefusedError("run_not_running", f"run {run.pk} is no longer running")


def _mark_failed(run: ScoringRun, error: Exception) -> None:
    """Mark the run failed, with the error and a reference under which the log has the traceback."""
    reference = secrets.token_hex(4)
    logger.error("scoring run %s failed, reference %s", run.pk, reference, exc_info=error)
    if not connection.is_usable():
        connection.close()  # Django opens a new one for the update
    lines = str(error).strip().splitlines() or [""]
    ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=RunState.FAILED,
        finished_at=timezone.now(),
        error=f"{type(error).__name__}: {lines[0]}",
        reference=reference,
    )
