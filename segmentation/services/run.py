"""Asking for a scoring run, and doing it.

A run is *queued* when asked for, *running* while a worker holds the working lock, and ends
*published*, *failed* or *interrupted*; scoring its day again makes a published one *superseded*.
At most one is queued or running: the database says so. Nothing a run does is seen by readers before
its last step, which shows all of it at once.

What may go wrong, and what then happens:

- The worker is killed: the lock goes with it. When the broker hands the message to another worker,
  that one starts the run afresh; otherwise whoever asks for the next run marks it interrupted.
- The message is lost: a queued run that nobody has taken for two minutes gives way to the next one
  asked for. Its message, should it come after all, finds it interrupted and does nothing.
- A message comes twice: the second finds the run ended and does nothing.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
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
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import ACTIVE_STATES
from segmentation.services import lock, tables
from segmentation.services.settings import ScoringSettings
from segmentation.services.steps import STEPS, Step

logger = logging.getLogger(__name__)

QUEUED_PATIENCE = timedelta(minutes=2)
TRIES_PER_STEP = 200
SECONDS_BETWEEN_TRIES = 1.0

Enqueue = Callable[[int], object]


def request_run(
    *,
    as_of: date,
    actor: User,
    enqueue: Enqueue,
    overrides: Mapping[str, object] | None = None,
) -> ScoringRun:
    """Queue a run as of a date and hand its id to ``enqueue`` once it is committed.

    Raises PermissionDenied; ValidationError for a date to come or unfit settings; RefusedError
    ``run_active`` while another run is queued or running.
    """
    authorise(actor, Permission.RUN_START)
    used = ScoringSettings.company_default().override(overrides or {})
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": _("This day is still to come.")})
    with audited_transaction(actor, Action.RUN_REQUEST):
        _interrupt_abandoned_run()
        try:
            with transaction.atomic():
                run = ScoringRun.objects.create(
                    as_of=as_of,
                    settings=used.as_json(),
                    requested_by=actor,
                    channel=current_channel(),
                )
        except IntegrityError as error:
            raise _run_active_error() from error
        transaction.on_commit(partial(_enqueue_after_commit, run.pk, enqueue))
    return run


def request_nightly_run(*, enqueue: Enqueue) -> ScoringRun:
    """Queue the run of the local day, as the product's own scheduler. Raises as request_run."""
    return request_run(as_of=timezone.localdate(), actor=scheduler(), enqueue=enqueue)


def scheduler() -> User:
    """Return the service account that works by the clock."""
    return User.objects.get_by_natural_key("scheduler")


def execute_run(*, run_id: int, patience: float = 20) -> ScoringRun | None:
    """Do a run from its first step to its last; return it, or None when there was nothing to do.

    For the worker alone. Raises lock.LockTakenError when another worker does not end within
    ``patience`` seconds, and whatever made a step fail, after the run has been marked.
    """
    with lock.working(patience=patience):
        run = _mark_running(run_id)
        if run is None:
            return None
        try:
            tables.drop_leftovers()
            for position, step in enumerate(STEPS, start=1):
                _run_step_with_retry(step, position, run)
        except Exception as error:
            _mark_failed(run, error)
            raise
        return run


def _interrupt_abandoned_run() -> None:
    """Refuse while a run is active; mark one interrupted that only seems so."""
    active = ScoringRun.objects.select_for_update().filter(state__in=ACTIVE_STATES).first()
    if active is None:
        return
    waits = active.state == RunState.QUEUED
    if waits and active.requested_at > timezone.now() - QUEUED_PATIENCE:
        raise _run_active_error()
    if not lock.is_nobody_working():
        raise _run_active_error()
    active.state = RunState.INTERRUPTED
    active.finished_at = timezone.now()
    active.save(update_fields=["state", "finished_at"])


def _run_active_error() -> RefusedError:
    return RefusedError("run_active", _("A scoring run is under way. Wait until it has ended."))


def _enqueue_after_commit(run_id: int, enqueue: Enqueue) -> None:
    """Give the run to the worker; where that fails, nothing is to wait for it."""
    try:
        enqueue(run_id)
    except Exception:
        ScoringRun.objects.filter(pk=run_id, state=RunState.QUEUED).update(
            state=RunState.INTERRUPTED, finished_at=timezone.now()
        )
        raise


@transaction.atomic
def _mark_running(run_id: int) -> ScoringRun | None:
    """Take a run to work on it. One that says running, with the lock free, has lost its worker."""
    run = ScoringRun.objects.select_for_update().get(pk=run_id)
    if not run.is_active:
        return None
    run.steps.all().delete()
    run.state, run.started_at, run.progress = RunState.RUNNING, timezone.now(), 0
    run.save(update_fields=["state", "started_at", "progress"])
    return run


def _run_step_with_retry(step: Step, position: int, run: ScoringRun) -> None:
    """Do a step; when others hold what it needs, let them go first and do it again."""
    record = ScoringStep.objects.create(
        run=run, position=position, name=step.name, started_at=timezone.now()
    )
    for attempt in range(1, TRIES_PER_STEP + 1):
        try:
            _run_and_record_step(step, record, run)
        except OperationalError as error:
            if attempt == TRIES_PER_STEP or not tables.is_lock_timeout(error):
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return


@transaction.atomic
def _run_and_record_step(step: Step, record: ScoringStep, run: ScoringRun) -> None:
    record.rows = step.perform(run)
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "finished_at"])
    run.progress = step.progress
    kept = ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=run.state,
        progress=run.progress,
        customers=run.customers,
        flagged_watch=run.flagged_watch,
        flagged_high=run.flagged_high,
        finished_at=record.finished_at if run.state == RunState.PUBLISHED else None,
    )
    if not kept:
        raise RefusedError("run_taken", f"run {run.pk} is not ours any more")


def _mark_failed(run: ScoringRun, error: Exception) -> None:
    """Keep what went wrong under a reference the log carries too. Readers keep what they had."""
    reference = secrets.token_hex(4)
    logger.error("scoring run %s failed, reference %s", run.pk, reference, exc_info=error)
    if not connection.is_usable():
        connection.close()
    lines = str(error).strip().splitlines() or [""]
    ScoringRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=RunState.FAILED,
        finished_at=timezone.now(),
        error=f"{type(error).__name__}: {lines[0]}",
        reference=reference,
    )
