"""Celery tasks of events and notices, which beat sends (CELERY_BEAT_SCHEDULE)."""

from celery import shared_task
from django.conf import settings

from accounts.acting import Channel, request_channel
from core.services.event_consuming import consume_events as consume_events_service
from core.services.event_consuming import delete_old_events
from core.services.notice import delete_old_notices


@shared_task
def consume_events() -> None:
    """Let the consumers handle new events."""
    with request_channel(Channel.WORKER):
        consume_events_service()


@shared_task
def delete_old() -> None:
    """Delete events and read notices that are older than the settings say."""
    delete_old_events(keep_days=settings.KEEP_EVENTS_DAYS)
    delete_old_notices(keep_days=settings.KEEP_READ_NOTICES_DAYS)
