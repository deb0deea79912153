"""Executing jobs.

A job is *queued* when it is requested, *running* while a worker holds its lock, and ends *done*,
*failed*, *cancelled* or *interrupted*.

What can go wrong, and what happens then:

- The worker is killed, or the database is restarted: the lock is released. The job is sent again
  (``core.services.job_recovery``) and starts afresh, MAX_ATTEMPTS times at most. After that, or if
  its kind is not restarted, it ends interrupted.
- Only the session with the lock ends, and the worker works on: another worker starts the job, and
  only the latest attempt can complete it.
- A message is delivered twice: the second worker finds the lock taken, or the job ended, and does
  nothing.
- The message queue loses the message: the job is sent again.
"""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise, job_context
from accounts.actions import Action
from accounts.models import User
from common.errors import RefusedError
from common.files import FileRefusedError
from core.events.jobs import JOB_ENDED
from core.jobs.declarations import JobCancelledError, JobKind, JobResult
from core.jobs.registry import job_kinds
from core.models import Job
from core.models.job import ACTIVE_JOB_STATES, JobState
from core.services.event import emit
from core.services.job_lock import JobSession, is_connection_lost, job_session, own_session

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


class JobTakenError(Exception):
    """Another worker has started or ended the job, because this one has lost the job's lock."""


class _RunningJob:
    """See ``core.jobs.declarations.RunningJob``."""

    def __init__(self, job: Job, session: JobSession) -> None:
        self._job = job
        self._session = session
        self.is_completed = False

    @property
    def pk(self) -> int:
        return self._job.pk

    @property
    def actor(self) -> User:
        return self._job.actor

    @property
    def parameters(self) -> Mapping[str, Any]:
        parameters: Mapping[str, Any] = self._job.parameters
        return parameters

    def report_progress(self, activity: str, *, done: int = 0, total: int | None = None) -> None:
        if self._session.write_progress(activity, done, total):
            raise JobCancelledError

    def complete(self, result: JobResult) -> None:
        with transaction.atomic():
            is_ended = end_job(
                self._job,
                JobState.DONE,
                progress=100,
                rows_done=result.rows_done,
                rows_refused=result.rows_refused,
                result=dict(result.result),
                result_file=result.file,
                result_file_name=result.file_name,
            )
            if not is_ended:
                raise JobTakenError(self._job.pk)  # this rolls the work back
        self.is_completed = True


def execute_job(*, job_id: int) -> None:
    """Execute a job as a worker; do nothing if it has ended or another worker has it.

    Call it outside of a transaction. An error of the job is stored in its row and not raised; only
    a lost connection to the database is raised.
    """
    with job_session(job_id) as session:
        if session is not None:
            _execute(job_id, session)


def execute_in_this_process(*, job_id: int) -> None:
    """Execute a job in the process that requested it; otherwise as ``execute_job``."""
    with own_session(job_id) as session:
        if session is not None:
            _execute(job_id, session)


def end_job(job: Job, state: JobState, **changes: Any) -> bool:
    """End an active job. Call it in a transaction.

    Returns False if the job has ended before, or if a worker has started it since it was read.
    """
    kind = job_kinds().get(job.kind)
    if state != JobState.DONE and kind is not None and kind.count_changed is not None:
        changes["rows_done"] = kind.count_changed(job)
    ended_at = timezone.now()
    ended = {"state": state, "ended_at": ended_at, **changes}
    active = Job.objects.filter(pk=job.pk, attempts=job.attempts, state__in=ACTIVE_JOB_STATES)
    if not active.update(**ended):
        return False
    for name, value in ended.items():
        setattr(job, name, value)
    if state != JobState.DONE and kind is not None and kind.on_stopped is not None:
        kind.on_stopped(job)
    _emit_ended(job, (ended_at - job.requested_at).total_seconds())
    return True


def _emit_ended(job: Job, seconds: float) -> None:
    data = {
        "kind": job.kind,
        "actor": job.actor_id,
        "state": job.state,
        "rows_done": job.rows_done,
        "rows_refused": job.rows_refused,
        "reference": job.reference,
        "seconds": seconds,
    }
    with audited_transaction(job.actor, Action.JOB_EXECUTE):
        emit(JOB_ENDED, object_id=job.pk, data=data)


def _execute(job_id: int, session: JobSession) -> None:
    job = _mark_running(job_id)
    if job is None:
        return
    with translation.override(job.actor.language), job_context(job.pk):
        running = _RunningJob(job, session)
        try:
            result = _run(job_kinds()[job.kind], running)
            if not running.is_completed:
                running.complete(result)
        except JobCancelledError:
            with transaction.atomic():
                end_job(job, JobState.CANCELLED)
        except JobTakenError:
            logger.warning("job %s was taken by another worker; this one is rolled back", job.pk)
        except Exception as error:
            if is_connection_lost(error) or not session.is_usable():
                connection.close()
                raise  # the job stays running without a lock, and is sent again
            _mark_failed(job, error)


def _run(kind: JobKind, running: _RunningJob) -> JobResult:
    if kind.permission is not None:  # the role may have changed since the request
        authorise(running.actor, kind.permission)
    return kind.run(running)


@transaction.atomic
def _mark_running(job_id: int) -> Job | None:
    """Mark an active job running and return it; end it and return None if it must not run.

    The caller must hold the job's lock: a job that is running already has then lost its worker.
    """
    job = Job.objects.select_for_update(of=["self"]).select_related("actor").get(pk=job_id)
    if not job.is_active:
        return None
    kind = job_kinds().get(job.kind)
    if job.cancel_requested_at is not None:
        end_job(job, JobState.CANCELLED)
        return None
    is_lost = job.state == JobState.RUNNING
    if kind is None or (is_lost and not kind.is_restarted) or job.attempts >= MAX_ATTEMPTS:
        end_job(job, JobState.INTERRUPTED)
        return None
    job.state, job.started_at, job.progress, job.activity = JobState.RUNNING, timezone.now(), 0, ""
    job.attempts += 1
    job.save(update_fields=["state", "started_at", "progress", "activity", "attempts"])
    return job


def _mark_failed(job: Job, error: Exception) -> None:
    """Store an error that the user can mend as it is, any other under a reference of the log."""
    message = _message_for_user(error)
    reference = ""
    if not message:
        reference = secrets.token_hex(4)
        logger.error("job %s failed, reference %s", job.pk, reference, exc_info=error)
    with transaction.atomic():
        end_job(job, JobState.FAILED, error=message, reference=reference)


def _message_for_user(error: Exception) -> str:
    """Return the message of an error that a user can mend; blank for any other."""
    match error:
        case ValidationError():
            return " ".join(error.messages)
        case FileRefusedError() | RefusedError():
            return str(error.message)
        case PermissionDenied():
            return _("You are not allowed to do this any more.")
    return ""
