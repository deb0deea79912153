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
from core.events.declarations import EventType
from core.services.event import emit
from core.writing import constraint_name
from segmentation.events import RUN_FAILED, RUN_PUBLISHED
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import ACTIVE_STATES, ONE_ACTIVE_RUN
from segmentation.services import lock, tables
from segmentation.services.settings import ScoringSettings
from segmentation.services.steps import STEPS, Step

logger = logging.getLogger(__name__)

QUEUE_TIMEOUT = timedelta(minutes=2)  # a run that is queued for longer counts as abandoned
# Only the step publish sets a lock timeout (2 s): it gives up after about ten minutes.
MAX_ATTEMPTS_PER_STEP = 200
SECONDS_BETWEEN_ATTEMPTS = 1.0

# Sends the id of a run to a worker: ``segmentation.tasks.execute_run.delay``. It is a parameter
# because services do not import Celery.
Enqueue = Callable[[int], object]


def request_run(
    *,
    as_of: date,
    actor: User,
    enqueue: Enqueue,
    overrides: Mapping[str, object] | None = None,
) -> ScoringRun:
    """Create a queued run and, after the commit, pass its id to ``enqueue``.

    The run scores the transactions before ``as_of``. ``overrides`` replaces default settings, by
    the names of ScoringSettings: ``{"window_days": 180}``. An active run that has lost its worker
    is marked interrupted first.

    Raises PermissionDenied; ValidationError for a date in the future or invalid settings;
    RefusedError ``run_active`` while another run is queued or running. If ``enqueue`` fails, the
    new run is marked interrupted and the error is raised.
    """
    authorise(actor, Permission.RUN_START)
    settings = ScoringSettings.company_default().override(overrides or {})
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": _("This day is still to come.")})
    # Runs are not tracked: the row itself has the requester and the channel. The block makes one
    # transaction, as in every service, and names the action of tracked changes in it.
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
    """Request the run of today (local time) as the scheduler. Raises what request_run raises."""
    return request_run(as_of=timezone.localdate(), actor=scheduler(), enqueue=enqueue)


def scheduler() -> User:
    """Return the service account of the nightly runs, which a migration of accounts creates."""
    return User.objects.get_by_natural_key("scheduler")


def execute_run(*, run_id: int, lock_timeout_seconds: float = 20) -> ScoringRun | None:
    """Execute all steps of a run and return it; return None for a run that has ended already.

    The Celery task of the same name calls this. Call it outside of a transaction: each step commits
    its own, so that pages show the progress. Raises lock.LockTakenError when another worker still
    holds the scoring lock after ``lock_timeout_seconds``. When a step fails, the run is marked
    failed and the step's exception is raised.
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
    """Mark the active run interrupted if it has no worker; raise RefusedError if it may have one.

    A run has no worker when the scoring lock is free and, if it is queued, it was requested more
    than QUEUE_TIMEOUT ago. Taking the lock until the caller's transaction ends keeps a worker from
    starting the run meanwhile. Does nothing if no run is active.
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
    """Pass the run to the worker. If that fails, mark it interrupted and raise the error again.

    A run that stayed queued would block the next request for QUEUE_TIMEOUT.
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

    The caller must hold the scoring lock: a run that is running already has then lost its worker,
    and starts again. The steps recorded so far are therefore deleted.
    """
    run = ScoringRun.objects.select_for_update().get(pk=run_id)
    if not run.is_active:
        return None
    run.steps.all().delete()
    run.state, run.started_at, run.progress = RunState.RUNNING, timezone.now(), 0
    run.save(update_fields=["state", "started_at", "progress"])
    return run


def _run_step_with_retry(step: Step, position: int, run: ScoringRun) -> None:
    """Record the start of a step and run it; run it again after each lock timeout.

    ``position`` is the step's number, from 1. Raises the step's exception; a lock timeout only
    after MAX_ATTEMPTS_PER_STEP.
    """
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
    """Run a step and store its result in its record and in the run, in one transaction.

    If the run is no longer running, RefusedError is raised and the step rolled back. The lock keeps
    other workers from marking it interrupted; this is for what the lock does not cover, such as a
    connection that a pooler has replaced.
    """
    result = step.perform(run)
    record.rows = result.rows
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "finished_at"])
    changes: dict[str, object] = {"progress": step.progress}
    if result.published_counts is not None:
        changes |= asdict(result.published_counts)  # fields of RunCounts are fields of ScoringRun
        changes |= {"state": RunState.PUBLISHED, "finished_at": record.finished_at}
    if not ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**changes):
        raise RefusedError("run_not_running", f"run {run.pk} is no longer running")
    if result.published_counts is not None:
        _emit(RUN_PUBLISHED, run, asdict(result.published_counts))


def _mark_failed(run: ScoringRun, error: Exception) -> None:
    """Mark the run failed, and log the traceback under the reference that the run's page shows."""
    reference = secrets.token_hex(4)
    logger.error("scoring run %s failed, reference %s", run.pk, reference, exc_info=error)
    if not connection.is_usable():
        connection.close()  # Django opens a new one for the update
    first_line = (str(error).strip().splitlines() or [""])[0]
    with transaction.atomic():
        is_marked = ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            state=RunState.FAILED,
            finished_at=timezone.now(),
            error=f"{type(error).__name__}: {first_line}",
            reference=reference,
        )
        if is_marked:
            _emit(RUN_FAILED, run, {"reference": reference})


def _emit(event_type: EventType, run: ScoringRun, data: Mapping[str, object]) -> None:
    with audited_transaction(run.requested_by, Action.RUN_EXECUTE):
        emit(event_type, object_id=run.pk, data={"as_of": run.as_of, **data})
