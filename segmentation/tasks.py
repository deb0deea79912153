"""The Celery task of scoring, which beat sends each night (CELERY_BEAT_SCHEDULE)."""

import logging

from celery import shared_task

from accounts.acting import Channel, request_channel
from common.errors import RefusedError
from segmentation.services.run import request_nightly_run

logger = logging.getLogger(__name__)


@shared_task
def run_nightly() -> None:
    """Request the run of today (local time); log a warning when another run is active."""
    with request_channel(Channel.WORKER):
        try:
            request_nightly_run()
        except RefusedError as error:
            logger.warning("no nightly run: %s", error.message)
