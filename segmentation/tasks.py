"""What the worker and the clock start: ids in, services called."""

import logging

from celery import Task, shared_task

from accounts.acting import Channel, request_channel
from common.errors import RefusedError
from segmentation.services.lock import LockTakenError
from segmentation.services.run import execute_run as execute
from segmentation.services.run import request_nightly_run

logger = logging.getLogger(__name__)

SECONDS_UNTIL_NEXT_TRY = 30
MAX_TRIES = 240


@shared_task(bind=True, max_retries=MAX_TRIES)
def execute_run(self: Task[[int], None], run_id: int) -> None:
    """Do a run; while another worker is at it, come back later."""
    with request_channel(Channel.WORKER):
        try:
            execute(run_id=run_id)
        except LockTakenError as error:
            raise self.retry(exc=error, countdown=SECONDS_UNTIL_NEXT_TRY) from error


@shared_task
def run_nightly() -> None:
    """Ask for the run of the day."""
    with request_channel(Channel.WORKER):
        try:
            request_nightly_run(enqueue=execute_run.delay)
        except RefusedError as error:
            logger.warning("no nightly run: %s", error.message)
