"""Celery tasks of this app, which beat sends (CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from accounts.acting import Channel, request_channel
from core.services.file_check import check_stored_files


@shared_task
def check_files() -> None:
    """Remove stored files that belong to nothing; log attachments whose file is missing."""
    with request_channel(Channel.WORKER):
        check_stored_files()
