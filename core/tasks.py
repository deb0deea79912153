"""Celery tasks of jobs, events, notices and files. Beat sends most (CELERY_BEAT_SCHEDULE)."""

from celery import shared_task
from django.conf import settings

from accounts.acting import Channel, request_channel
from core.services.event_consuming import consume_events as consume_events_service
from core.services.event_consuming import delete_old_events
from core.services.file_check import check_stored_files
from core.services.job_execution import execute_job as execute_job_service
from core.services.job_recovery import delete_old_job_files
from core.services.job_recovery import resend_lost_jobs as resend_lost_jobs_service
from core.services.notice import delete_old_notices


@shared_task
def execute_job(job_id: int) -> None:
    """Execute a job."""
    with request_channel(Channel.WORKER):
        execute_job_service(job_id=job_id)


def send_job(job_id: int) -> None:
    """Send a job to the workers (``settings.JOB_SENDER``)."""
    execute_job.delay(job_id)


@shared_task
def resend_lost_jobs() -> None:
    """Send the jobs again that the message queue or a worker has lost."""
    resend_lost_jobs_service()


@shared_task
def consume_events() -> None:
    """Let the consumers handle new events."""
    with request_channel(Channel.WORKER):
        consume_events_service()


@shared_task
def check_files() -> None:
    """Remove stored files that belong to nothing; log attachments whose file is missing."""
    with request_channel(Channel.WORKER):
        check_stored_files()


@shared_task
def delete_old() -> None:
    """Delete events, read notices and files of jobs that are older than the settings say."""
    delete_old_events(keep_days=settings.KEEP_EVENTS_DAYS)
    delete_old_notices(keep_days=settings.KEEP_READ_NOTICES_DAYS)
    delete_old_job_files()
