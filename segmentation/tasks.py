"""Celery tasks of scoring: each receives ids and calls a service."""

import logging

from celery import Task, shared_task

from accounts.acting import Channel, request_channel
from common.errors import RefusedError
from segmentation.services.lock import LockTakenError
from segmentation.services.run import execute_run as execute
from segmentation.services.run import request_nightly_run

logger = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 30
MAX_RETRIES = 240


@shared_task(bind=True, max_retries=MAX_RETRIES)
def execute_run(self: Task[[int], None], run_id: int) -> None:
    """Execute a run; retry later while another worker holds the scoring lock."""
    with request_channel(Channel.WORKER):
        try:
            execute(run_id=run_id)
        except LockTakenError as error:
            raise self.retry(exc=error, countdown=RETRY_DELAY_SECONDS) from error


@shared_task
def run_nightly() -> None:
    """Request the run of the local day; log a warning when another run is active."""
    with request_channel(Channel.WORKER):
        try:
            request_nightly_run(enqueue=execute_run.delay)
        except RefusedError as error:
            logger.warning("no nightly run: %s", error.message)
