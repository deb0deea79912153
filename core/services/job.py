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

from accounts.acting import audited_transaction, authorise, current_channel
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from core.jobs.declarations import JobKind
from core.models import Job
from core.models.job import JobState
from core.services.job_execution import end_job, execute_in_this_process
from core.writing import get_locked

logger = logging.getLogger(__name__)


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
