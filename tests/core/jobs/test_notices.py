"""Which ends of jobs are notices. The handler gets the events of the test's own transaction."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from core.job_notices import JOB_CONSUMER
from core.jobs.declarations import JobKind, JobResult, RunningJob
from core.models import Job
from core.models.job import JobState
from core.notices.reading import own_notices, show_notices
from core.services.job import request_cancel, request_job
from core.services.job_execution import execute_in_this_process
from crm.jobs import CUSTOMER_IMPORT
from tests.cast import Cast
from tests.core.events.planted import events_for
from tests.core.jobs.factories import make_job
from tests.core.jobs.kinds import declared

A_MINUTE = timedelta(minutes=1)


def _count(_job: RunningJob) -> JobResult:
    return JobResult(rows_done=1200, rows_refused=1)


def _fail(_job: RunningJob) -> JobResult:
    raise ZeroDivisionError


def _refuse(_job: RunningJob) -> JobResult:
    raise ValidationError("Choose another file.")


COUNT = JobKind("test.count", "Count", _count)
FAIL = JobKind("test.fail", "Check", _fail)
REFUSE = JobKind("test.refuse", "Reading of a file", _refuse)
QUIET = JobKind("test.quiet", "Quiet", _fail, notice_states=())


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    with declared(COUNT, FAIL, REFUSE, QUIET):
        yield


def _execute(actor: User, kind: JobKind, age: timedelta = timedelta(0)) -> Job:
    """Execute a job that was requested so long ago."""
    job = request_job(kind=kind, parameters={}, actor=actor)
    Job.objects.filter(pk=job.pk).update(requested_at=timezone.now() - age)
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    return job


def _notices_of(user: User) -> list[tuple[str, str]]:
    """Let the consumer handle all events twice; return the texts and links of the notices."""
    for _ in range(2):
        JOB_CONSUMER.handle(events_for(JOB_CONSUMER))
    return [(notice.text, notice.url) for notice in show_notices(user, list(own_notices(user)))]


def test_end_of_a_long_job_is_one_notice_with_a_link(cast: Cast) -> None:
    job = _execute(cast.manager, COUNT, A_MINUTE)
    text = "Count has finished: 1,200 rows done, 1 refused."
    assert _notices_of(cast.manager) == [(text, reverse("job", args=[job.pk]))]
    assert _notices_of(cast.head) == []


def test_end_of_a_job_that_was_done_at_once_is_no_notice(cast: Cast) -> None:
    _execute(cast.manager, COUNT)
    assert _notices_of(cast.manager) == []


def test_failed_job_is_a_notice_however_short_it_was(cast: Cast) -> None:
    failed = _execute(cast.manager, FAIL)
    refused = _execute(cast.manager, REFUSE)
    assert _notices_of(cast.manager) == [
        ("Reading of a file failed.", reverse("job", args=[refused.pk])),
        (f"Check failed, reference {failed.reference}.", reverse("job", args=[failed.pk])),
    ]


def test_interrupted_job_is_a_notice(cast: Cast) -> None:
    job = make_job(cast.manager, kind=COUNT.name, attempts=3)
    Job.objects.filter(pk=job.pk).update(requested_at=timezone.now() - A_MINUTE)
    execute_in_this_process(job_id=job.pk)
    assert _notices_of(cast.manager) == [
        ("Count was interrupted.", reverse("job", args=[job.pk])),
    ]


def test_cancelled_job_is_no_notice_whoever_cancelled_it(cast: Cast) -> None:
    for actor in (cast.manager, cast.sysadmin):
        job = request_job(kind=COUNT, parameters={}, actor=cast.manager)
        Job.objects.filter(pk=job.pk).update(requested_at=timezone.now() - A_MINUTE)
        request_cancel(job_id=job.pk, actor=actor)
    assert _notices_of(cast.manager) == []


def test_kind_decides_which_states_are_notices(cast: Cast) -> None:
    _execute(cast.manager, QUIET, A_MINUTE)
    assert _notices_of(cast.manager) == []
    assert JobState.DONE not in CUSTOMER_IMPORT.notice_states  # the import sends a notice itself


def test_notice_is_in_the_language_of_the_reader(cast: Cast) -> None:
    _execute(cast.manager, COUNT, A_MINUTE)
    with translation.override("zh-hans"):
        ((text, _url),) = _notices_of(cast.manager)
    assert text == "Count已完成：完成 1,200 行，拒绝 1 行。"
