"""Jobs are executed once, end visibly, and are sent again when they are lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from core.jobs.declarations import JobKind, JobResult, RunningJob
from core.models import Job
from core.models.job import JobState
from core.services import job_recovery
from core.services.job import request_cancel, request_job
from core.services.job_execution import MAX_ATTEMPTS, execute_job
from core.services.job_lock import LOCK_CLASS, job_session
from tests.cast import Cast
from tests.core.jobs.factories import make_job
from tests.core.jobs.kinds import declared
from tests.history import fixture_changes

runs: list[int] = []


@pytest.fixture(autouse=True)
def _no_runs() -> None:
    runs.clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the jobs that were sent to workers."""
    ids: list[int] = []
    monkeypatch.setattr("core.tasks.send_job", ids.append)
    return ids


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    with declared(COUNTING, FAILING, REFUSED, SLOW, ONCE, NEEDS_PERMISSION):
        yield


def _count(job: RunningJob) -> JobResult:
    runs.append(job.pk)
    job.report_progress("count", done=1, total=4)
    return JobResult(rows_done=3, rows_refused=1, result={"text": _("Done")})


def _fail(_job: RunningJob) -> JobResult:
    raise ZeroDivisionError("secret detail")


def _refuse(_job: RunningJob) -> JobResult:
    raise ValidationError("Choose another file.")


def _slow(job: RunningJob) -> JobResult:
    job.report_progress("first")
    runs.append(job.pk)
    request_cancel(job_id=job.pk, actor=job.actor)
    job.report_progress("second")
    raise AssertionError("not reached")


stopped: list[int] = []
COUNTING = JobKind("test.count", "Count", _count, activities={"count": "Counting"})
FAILING = JobKind("test.fail", "Fail", _fail, on_stopped=lambda job: stopped.append(job.pk))
REFUSED = JobKind("test.refuse", "Refuse", _refuse)
SLOW = JobKind("test.slow", "Slow", _slow)
ONCE = JobKind("test.once", "Once", _count, is_restarted=False)
NEEDS_PERMISSION = JobKind("test.need", "Need", _count, permission=Permission.CUSTOMER_IMPORT)


def _requested(cast: Cast, kind: JobKind = COUNTING, actor: User | None = None) -> Job:
    return request_job(kind=kind, parameters={}, actor=actor or cast.manager)


def _age(job: Job, **changes: Any) -> None:
    """Change a job as if it had been sent an hour ago."""
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now() - timedelta(hours=1), **changes)


def test_requested_job_is_sent_after_the_commit(committed_cast: Cast, sent: list[int]) -> None:
    with transaction.atomic():
        job = _requested(committed_cast)
        assert sent == []
    assert sent == [job.pk]


def test_job_of_a_request_that_rolls_back_does_not_exist(
    committed_cast: Cast, sent: list[int]
) -> None:
    with transaction.atomic():
        _requested(committed_cast)
        transaction.set_rollback(True)
    assert (sent, Job.objects.count()) == ([], 0)


def test_job_that_cannot_be_sent_stays_queued_and_is_sent_again(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, sent: list[int]
) -> None:
    def fail(_job_id: int) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("core.tasks.send_job", fail)
        job = _requested(committed_cast)
    assert job_recovery.resend_lost_jobs() == []  # a worker may be about to take it
    _age(job)
    assert job_recovery.resend_lost_jobs() == [job.pk]
    assert sent == [job.pk]
    assert job_recovery.resend_lost_jobs() == []


def test_executed_job_has_its_result(committed_cast: Cast, sent: list[int]) -> None:
    job = _requested(committed_cast)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.rows_refused) == (JobState.DONE, 3, 1)
    assert (job.progress, job.attempts, job.activity) == (100, 1, "count")
    assert job.ended_at is not None


def test_job_speaks_the_language_of_its_actor(committed_cast: Cast, sent: list[int]) -> None:
    with fixture_changes():
        User.objects.filter(pk=committed_cast.manager.pk).update(language="zh-hans")
    job = _requested(committed_cast)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.result == {"text": "完成"}


def test_message_that_arrives_twice_executes_the_job_once(
    committed_cast: Cast, sent: list[int]
) -> None:
    job = _requested(committed_cast)
    execute_job(job_id=job.pk)
    execute_job(job_id=job.pk)
    assert runs == [job.pk]


def test_job_that_another_worker_has_is_left_alone(committed_cast: Cast, sent: list[int]) -> None:
    job = _requested(committed_cast)
    with job_session(job.pk) as session:
        assert session is not None
        execute_job(job_id=job.pk)
        _age(job)
        assert job_recovery.resend_lost_jobs() == []
    assert runs == []


def test_running_job_without_a_worker_is_sent_again_and_starts_afresh(
    committed_cast: Cast, sent: list[int]
) -> None:
    job = _requested(committed_cast)
    _age(job, state=JobState.RUNNING, started_at=timezone.now(), attempts=1, progress=70)
    assert job_recovery.resend_lost_jobs() == [job.pk]
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 2)


@pytest.mark.parametrize(("kind", "attempts"), [(ONCE, 1), (COUNTING, MAX_ATTEMPTS)])
def test_lost_job_that_may_not_start_again_ends_interrupted(
    committed_cast: Cast, sent: list[int], kind: JobKind, attempts: int
) -> None:
    job = _requested(committed_cast, kind)
    _age(job, state=JobState.RUNNING, started_at=timezone.now(), attempts=attempts)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, runs) == (JobState.INTERRUPTED, [])


def test_failed_job_shows_a_reference_and_no_detail(
    committed_cast: Cast, sent: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    job = _requested(committed_cast, FAILING)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "")
    assert job.reference
    assert job.reference in caplog.text
    assert "secret detail" in caplog.text
    assert stopped[-1] == job.pk


def test_refused_job_shows_why(committed_cast: Cast, sent: list[int]) -> None:
    job = _requested(committed_cast, REFUSED)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.error, job.reference) == (
        JobState.FAILED,
        "Choose another file.",
        "",
    )


def test_running_job_stops_at_its_next_report_after_a_cancel(
    committed_cast: Cast, sent: list[int]
) -> None:
    job = _requested(committed_cast, SLOW)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, runs) == (JobState.CANCELLED, [job.pk])


def test_cancelled_queued_job_is_never_executed(committed_cast: Cast, sent: list[int]) -> None:
    job = _requested(committed_cast)
    request_cancel(job_id=job.pk, actor=committed_cast.manager)
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, runs) == (JobState.CANCELLED, [])


def test_progress_is_visible_while_the_transaction_of_the_work_is_open(
    committed_cast: Cast, sent: list[int]
) -> None:
    seen: list[tuple[str, int]] = []

    def work(job: RunningJob) -> JobResult:
        with transaction.atomic():
            job.report_progress("half", done=1, total=2)
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT activity, progress FROM core_job WHERE id = %s", [job.pk])
                seen.append(cursor.fetchone())
            other.close()
        return JobResult()

    kind = JobKind("test.progress", "Progress", work)
    with declared(kind):
        job = _requested(committed_cast, kind)
        execute_job(job_id=job.pk)
    assert seen == [("half", 50)]


def test_job_completed_in_the_transaction_of_its_work_is_done_only_if_that_commits(
    committed_cast: Cast, sent: list[int]
) -> None:
    def work(job: RunningJob) -> JobResult:
        with transaction.atomic():
            job.complete(JobResult(rows_done=5))
            raise ZeroDivisionError

    kind = JobKind("test.rollback", "Roll back", work)
    with declared(kind):
        job = _requested(committed_cast, kind)
        execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done) == (JobState.FAILED, 0)


def test_job_whose_sessions_the_server_has_ended_is_sent_again(
    committed_cast: Cast, sent: list[int]
) -> None:
    def work(_job: RunningJob) -> JobResult:
        # At the end of the block Django connects again, so the connection is usable afterwards.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() ORDER BY pid = pg_backend_pid()"
            )
        raise AssertionError("not reached")

    kind = JobKind("test.restart", "Restart", work)
    with declared(kind):
        job = _requested(committed_cast, kind)
        with pytest.raises(OperationalError):
            execute_job(job_id=job.pk)
    _age(job)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert job_recovery.resend_lost_jobs() == [job.pk]


def test_only_the_latest_attempt_completes_a_job(committed_cast: Cast, sent: list[int]) -> None:
    def work(job: RunningJob) -> JobResult:
        # As if the lock of this worker were lost, and another worker had started the job.
        Job.objects.filter(pk=job.pk).update(attempts=F("attempts") + 1)
        with transaction.atomic():
            make_job(job.actor)
            job.complete(JobResult(rows_done=5))
        raise AssertionError("not reached")

    kind = JobKind("test.taken", "Taken", work)
    with declared(kind):
        job = _requested(committed_cast, kind)
        execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.rows_done) == (JobState.RUNNING, 2, 0)
    assert Job.objects.get() == job  # the transaction of the work was rolled back


def test_permission_is_needed_to_request_and_again_to_start(
    committed_cast: Cast, sent: list[int]
) -> None:
    with pytest.raises(PermissionDenied):
        _requested(committed_cast, NEEDS_PERMISSION, committed_cast.manager)
    job = _requested(committed_cast, NEEDS_PERMISSION, committed_cast.division_admin)
    with fixture_changes():
        role = committed_cast.division_admin.role
        role.permissions = []
        role.save()
    execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, runs) == (JobState.FAILED, [])
    assert "not allowed" in job.error


def test_only_the_actor_and_system_administrators_cancel_a_job(
    committed_cast: Cast, sent: list[int]
) -> None:
    job = _requested(committed_cast)
    with pytest.raises(Job.DoesNotExist):
        request_cancel(job_id=job.pk, actor=committed_cast.colleague)
    with pytest.raises(PermissionDenied):
        request_cancel(job_id=job.pk, actor=committed_cast.head)
    request_cancel(job_id=job.pk, actor=committed_cast.sysadmin)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_lock_of_a_job_is_released_when_its_session_ends(committed_cast: Cast) -> None:
    with job_session(7):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE classid = %s", [LOCK_CLASS])
        assert cursor.fetchone() == (0,)
