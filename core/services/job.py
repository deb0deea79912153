"""Requesting and cancelling jobs.

A job is queued in the transaction that asks for it and sent to the workers after the commit. If the
message queue cannot be reached then, or loses the message, ``core.services.job_recovery`` sends the
job again.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise, current_channel
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.jobs.declarations import JobKind
from core.jobs.registry import job_kinds
from core.models import Job
from core.models.job import ACTIVE_JOB_STATES, JobState
from core.services.job_execution import end_job, execute_in_this_process
from core.writing import get_locked

logger = logging.getLogger(__name__)

NOT_STOPPED_STATES = (*ACTIVE_JOB_STATES, JobState.DONE)


def request_job(
    *,
    kind: JobKind,
    parameters: Mapping[str, Any],
    actor: User,
    undo_of: Job | None = None,
) -> Job:
    """Queue a job and, after the commit, send it to a worker. Raises PermissionDenied."""
    if kind.permission is not None:
        authorise(actor, kind.permission)
    job = _create_job(kind, parameters, actor, undo_of)
    transaction.on_commit(lambda: send_job(job.pk))
    return job


def request_undo(*, job_id: int, actor: User) -> Job:
    """Queue the job that takes back what an ended job of the actor has changed, and return it.

    Raises Job.DoesNotExist for a job of another user; RefusedError ``nothing_to_undo`` for a job
    that is active, has changed nothing, or whose kind cannot be undone, and ``undone_already``.
    """
    with audited_transaction(actor, Action.JOB_REQUEST):
        job = get_locked(Job.objects.visible_to(actor).filter(actor=actor), job_id)
        kind = job_kinds().get(job.kind)
        if kind is None or not kind.undone_by or job.is_active or not job.rows_done:
            raise RefusedError("nothing_to_undo", _("This job has nothing to undo."))
        # The lock lets only one of two requests at once come through.
        if Job.objects.filter(undo_of=job, state__in=NOT_STOPPED_STATES).exists():
            raise RefusedError("undone_already", _("This job is undone already."))
        return request_job(
            kind=job_kinds()[kind.undone_by],
            parameters={**job.parameters, "undo_of": job.pk},
            actor=actor,
            undo_of=job,
        )


def run_job_now(*, kind: JobKind, parameters: Mapping[str, Any], actor: User) -> Job:
    """Execute a small job in this process and return it when it has ended.

    Raises PermissionDenied. If the process dies, a worker executes the job later. Call it outside
    of a transaction.
    """
    if kind.permission is not None:
        authorise(actor, kind.permission)
    job = _create_job(kind, parameters, actor, None)
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    return job


def request_cancel(*, job_id: int, actor: User) -> Job:
    """Cancel a queued job, or ask a running one to stop; do nothing if it has ended.

    Raises Job.DoesNotExist for a job that the actor may not see, PermissionDenied for a job of
    another user unless the actor holds JOB_CANCEL.
    """
    with audited_transaction(actor, Action.JOB_CANCEL):
        job = get_locked(Job.objects.visible_to(actor), job_id)
        if job.actor_id != actor.pk:
            authorise(actor, Permission.JOB_CANCEL)
        elif not actor.is_active:
            raise PermissionDenied(Permission.JOB_CANCEL.value)
        if job.state == JobState.QUEUED:
            end_job(job, JobState.CANCELLED)
        elif job.state == JobState.RUNNING and job.cancel_requested_at is None:
            job.cancel_requested_at = timezone.now()
            job.save(update_fields=["cancel_requested_at"])
    return job


def send_job(job_id: int) -> None:
    """Send a job to the workers; log a warning if the message queue cannot be reached.

    ``settings.JOB_SENDER`` names the function that does it, because services do not know Celery.
    """
    sender = import_string(settings.JOB_SENDER)
    try:
        sender(job_id)
    except Exception:
        # Whatever the client of the queue raises: the job stays queued and is sent again.
        logger.warning("job %s was not sent; it will be sent again", job_id, exc_info=True)


def _create_job(
    kind: JobKind, parameters: Mapping[str, Any], actor: User, undo_of: Job | None
) -> Job:
    if not actor.is_active:
        raise PermissionDenied(kind.name)
    # Jobs are not tracked: the row itself has actor and channel.
    with audited_transaction(actor, Action.JOB_REQUEST):
        return Job.objects.create(
            kind=kind.name,
            actor=actor,
            channel=current_channel(),
            parameters=dict(parameters),
            undo_of=undo_of,
            sent_at=timezone.now(),
        )
