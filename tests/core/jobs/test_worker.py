"""Jobs of a real worker, which is killed at each state of a job."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.jobs.files import path_of
from core.listing.export import LIST_EXPORT
from core.listing.query import ListQuery
from core.listing.row_selection import RowSelection
from core.models import Job
from core.models.job import JobState
from core.services.job import request_job
from core.services.job_lock import locked_job_ids
from core.services.job_recovery import resend_lost_jobs
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.workers import blocking_session, kill, running_worker, wait_until

pytestmark = [pytest.mark.worker, pytest.mark.slow]


def _request_export(cast: Cast) -> Job:
    parameters = {
        "list": "customers",
        "selection": RowSelection(ListQuery()).to_json(),
        "format": "csv",
    }
    return request_job(kind=LIST_EXPORT, parameters=parameters, actor=cast.manager)


def _has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return not job.is_active


def _resend(job: Job) -> None:
    """Do what beat does, as if some time had passed."""
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now() - timedelta(hours=2))
    assert resend_lost_jobs() == [job.pk]


def test_job_of_a_killed_worker_is_done_once_by_the_next(
    committed_cast: Cast, own_database: str
) -> None:
    make_customer(committed_cast.lanzhou, code="A1", name="甲", owner=committed_cast.manager)
    lock = "LOCK TABLE crm_customer IN ACCESS EXCLUSIVE MODE"
    with running_worker(own_database) as worker, blocking_session(lock):
        job = _request_export(committed_cast)
        wait_until(lambda: Job.objects.get(pk=job.pk).state == JobState.RUNNING)
        kill(worker)
        wait_until(lambda: job.pk not in locked_job_ids())
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    with running_worker(own_database):
        _resend(job)
        wait_until(lambda: _has_ended(job))
    assert (job.state, job.attempts, job.rows_done) == (JobState.DONE, 2, 1)
    assert "甲" in path_of(job.result_file).read_text("utf-8-sig")


def test_job_requested_while_no_worker_runs_waits_for_one(
    committed_cast: Cast, own_database: str
) -> None:
    job = _request_export(committed_cast)
    with running_worker(own_database):
        wait_until(lambda: _has_ended(job))
    assert (job.state, job.attempts) == (JobState.DONE, 1)


def test_job_whose_workers_are_killed_again_and_again_ends_interrupted(
    committed_cast: Cast, own_database: str
) -> None:
    lock = "LOCK TABLE crm_customer IN ACCESS EXCLUSIVE MODE"
    job = _request_export(committed_cast)
    with blocking_session(lock):
        for attempt in (1, 2, 3):
            with running_worker(own_database) as worker:
                wait_until(lambda: Job.objects.get(pk=job.pk).attempts == attempt)  # noqa: B023
                kill(worker)
            wait_until(lambda: job.pk not in locked_job_ids())
            _resend(job)
    with running_worker(own_database):
        wait_until(lambda: _has_ended(job))
    assert (job.state, job.attempts) == (JobState.INTERRUPTED, 3)
