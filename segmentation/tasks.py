"""Celery tasks of scoring, which call ``segmentation.services.run``.

Beat sends ``run_nightly`` (CELERY_BEAT_SCHEDULE); whoever requests a run passes
``execute_run.delay``, which sends the run's id to a worker.
"""

import logging

from celery import Task, shared_task

from accounts.acting import Channel, request_channel
from common.errors import RefusedError
from segmentation.services.lock import LockTakenError
from segmentation.services.run import execute_run as execute_run_service
from segmentation.services.run import request_nightly_run

logger = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 30
MAX_RETRIES = 240  # with the lock timeout of each attempt: more than three hours


@shared_task(bind=True, max_retries=MAX_RETRIES)
def execute_run(self: Task[[int], None], run_id: int) -> None:
    """Execute a run; retry later while another worker holds the scoring lock."""
    with request_channel(Channel.WORKER):
        try:
            execute_run_service(run_id=run_id)
        except LockTakenError as error:
            raise self.retry(exc=error, countdown=RETRY_DELAY_SECONDS) from error


@shared_task
def run_nightly() -> None:
    """Request the run of today (local time); log a warning when another run is active."""
    with request_channel(Channel.WORKER):
        try:
            request_nightly_run(enqueue=execute_run.delay)
        except RefusedError as error:
            logger.warning("no nightly run: %s", error.message)
