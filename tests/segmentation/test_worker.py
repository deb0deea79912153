"""Runs executed by a real Celery worker, which some tests kill.

A test holds a lock that the run needs, so the
run waits in a known step while the test kills the worker or its child.
"""

import os
import signal
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from accounts.models import User
from core.models import Job
from core.models.job import JobState
from core.services.job_lock import locked_job_ids
from core.services.job_recovery import resend_lost_jobs
from segmentation.models import CustomerScore, RunState, ScoringRun, StepName
from segmentation.selectors import current_run
from segmentation.services.run import request_run, scheduler
from tests.history import fixture_changes
from tests.segmentation import cdnow
from tests.segmentation.factories import make_published_run
from tests.workers import blocking_session, child_process_id, kill, running_worker, wait_until

pytestmark = pytest.mark.worker
AS_OF = date(1998, 7, 1)  # the day after the last purchase of the sample
DAY_BEFORE = date(1998, 6, 30)


def request_worker_run() -> ScoringRun:
    """Request a run of AS_OF and send it to the worker."""
    return request_run(as_of=AS_OF, actor=scheduler())


def is_in_step(run: ScoringRun, step: StepName) -> bool:
    return run.steps.filter(name=step, finished_at__isnull=True).exists()


def has_ended(run: ScoringRun) -> bool:
    run.refresh_from_db()
    return not run.is_active


# Locks that stop a worker in its first step, and in its last.
BLOCKING_LOCKS = {
    StepName.AGGREGATE: "LOCK TABLE crm_transaction IN ACCESS EXCLUSIVE MODE",
    StepName.PUBLISH: "LOCK TABLE crm_customer IN ROW EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", BLOCKING_LOCKS)
def test_run_of_a_killed_worker_is_begun_again_and_readers_keep_the_old_one(
    own_database: str, step: StepName
) -> None:
    cdnow.load_purchases(cdnow.read_sample())
    old = make_published_run(DAY_BEFORE)
    with running_worker(own_database) as worker, blocking_session(BLOCKING_LOCKS[step]):
        run = request_worker_run()
        wait_until(lambda: is_in_step(run, step))
        kill(worker)
    assert current_run() == old
    assert CustomerScore.objects.filter(run=old).count() == cdnow.CUSTOMERS

    with running_worker(own_database):
        wait_until(lambda: run.job_id not in locked_job_ids())
        Job.objects.filter(pk=run.job_id).update(sent_at=F("sent_at") - timedelta(hours=1))
        assert resend_lost_jobs() == [run.job_id]
        wait_until(lambda: has_ended(run))

    assert run.state == RunState.PUBLISHED
    assert current_run() == run
    assert run.customers == cdnow.CUSTOMERS
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.attempts, job.rows_done) == (JobState.DONE, 2, cdnow.CUSTOMERS)


def test_run_whose_child_process_was_killed_is_begun_again_by_the_next_one(
    own_database: str,
) -> None:
    cdnow.load_purchases(cdnow.read_sample())
    with running_worker(own_database):
        with blocking_session(BLOCKING_LOCKS[StepName.AGGREGATE]):
            run = request_worker_run()
            wait_until(lambda: is_in_step(run, StepName.AGGREGATE))
            first_start = ScoringRun.objects.get().started_at
            os.kill(child_process_id(own_database), signal.SIGKILL)
        wait_until(lambda: run.job_id not in locked_job_ids())
        Job.objects.filter(pk=run.job_id).update(sent_at=F("sent_at") - timedelta(hours=1))
        resend_lost_jobs()
        wait_until(lambda: has_ended(run))

    assert run.state == RunState.PUBLISHED
    assert run.started_at is not None
    assert first_start is not None
    assert run.started_at > first_start
    assert ScoringRun.objects.count() == 1


def test_command_shows_the_steps_the_worker_executes(
    own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cdnow.load_purchases(cdnow.read_sample())
    with running_worker(own_database):
        call_command("nightly", as_of=AS_OF, window_days=90)
        call_command("nightly", as_of=AS_OF, if_stale=True)

    run = ScoringRun.objects.get()
    assert (run.state, run.channel, run.settings["window_days"]) == ("published", "command", 90)
    printed = capsys.readouterr().out
    steps = len(StepName)
    for text in (
        f"1/{steps} Add up transactions",
        f"{steps}/{steps} Publish",
        "2,357 customers",
        "scored already",
    ):
        assert text in printed


def test_command_fails_with_a_message_when_the_scheduler_account_is_closed(
    own_database: str,
) -> None:
    with fixture_changes():
        User.objects.filter(pk=scheduler().pk).update(is_active=False)
    with pytest.raises(CommandError, match="“scheduler” may not start runs"):
        call_command("nightly", as_of=AS_OF)


def test_command_without_a_worker_fails_with_a_message(own_database: str) -> None:
    with pytest.raises(CommandError, match="No worker"):
        call_command("nightly", as_of=AS_OF, wait_seconds=1)
    with pytest.raises(CommandError, match="under way"):
        call_command("nightly", as_of=AS_OF, wait_seconds=1)
    with pytest.raises(CommandError, match="No worker"):
        call_command("nightly", as_of=AS_OF, if_stale=True, wait_seconds=1)
