"""The Celery task of scoring, which beat sends each night (CELERY_BEAT_SCHEDULE)."""

import logging

from celery import Task, shared_task

from accounts.acting import Channel, request_channel
from common.errors import RefusedError
from segmentation.services.run import request_nightly_run

logger = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 300
MAX_RETRIES = 36  # three hours


@shared_task(bind=True, max_retries=MAX_RETRIES)
def run_nightly(self: Task[[], None]) -> None:
    """Request the run of today (local time); try again later while another run is active."""
    with request_channel(Channel.WORKER):
        try:
            request_nightly_run()
        except RefusedError as error:
            logger.warning("no nightly run yet: %s", error.message)
            raise self.retry(exc=error, countdown=RETRY_DELAY_SECONDS) from error
