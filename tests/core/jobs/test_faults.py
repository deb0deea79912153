"""PostgreSQL is killed while a job is queued, runs, and is about to end; Valkey at its request.

No job may be lost, done twice, or run for ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from core.jobs.files import path_of
from core.listing.export import LIST_EXPORT
from core.listing.query import ListQuery
from core.listing.row_selection import RowSelection
from core.models import Event, Job
from core.models.job import JobState
from core.services.job import request_job
from core.services.job_lock import locked_job_ids
from core.services.job_recovery import resend_lost_jobs
from tests import databases
from tests.cast import Cast, make_cast
from tests.core.jobs.servers import Servers, own_servers
from tests.crm.factories import make_customer
from tests.workers import blocking_session, running_worker, wait_until

pytestmark = [pytest.mark.worker, pytest.mark.slow, pytest.mark.xdist_group("job_faults")]


@dataclass(frozen=True)
class Moment:
    """A moment of a job, at which the job waits for the lock of a table."""

    lock: str
    table: str


@pytest.fixture(scope="module")
def started_servers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Servers]:
    with django_db_blocker.unblock(), own_servers() as started:
        yield started


@pytest.fixture
def servers(started_servers: Servers, django_db_blocker: DjangoDbBlocker) -> Iterator[Servers]:
    """The servers with a new database, which Django uses."""
    with django_db_blocker.unblock(), databases.use_database_copy("faults") as name:
        started_servers.database = name
        yield started_servers


@pytest.fixture
def cast(servers: Servers) -> Cast:
    cast = make_cast()
    make_customer(cast.lanzhou, code="A1", name="甲", owner=cast.manager)
    return cast


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


def _is_waiting_for(table: str) -> bool:
    """Tell whether a session waits for the lock of a table that the test holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = %s::regclass)",
            [table],
        )
        return bool(cursor.fetchone()[0])


def _resend() -> list[int]:
    """Do what beat does, as if some time had passed; return the ids of the jobs sent again."""
    Job.objects.update(sent_at=timezone.now() - timedelta(hours=2))
    return resend_lost_jobs()


def _assert_done_once(job: Job, *, attempts: int) -> None:
    """The job has its result, has ended once, and nothing is sent again."""
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (JobState.DONE, attempts, "")
    assert Event.objects.filter(type="job.ended", object_id=job.pk).count() == 1
    assert _resend() == []
    assert job.rows_done == 1
    assert "甲" in path_of(job.result_file).read_text("utf-8-sig")


def _assert_worker_takes_another_job(cast: Cast) -> None:
    """The worker has survived: it executes a new job without being started again."""
    job = _request_export(cast)
    wait_until(lambda: _has_ended(job))
    assert (job.state, job.attempts) == (JobState.DONE, 1)


@contextmanager
def _postgres_killed(servers: Servers) -> Iterator[None]:
    """Kill PostgreSQL before the block, and start it again after it."""
    servers.kill_postgres()
    yield
    servers.restart_postgres()


EXPORT_RUNS = Moment("LOCK TABLE crm_customer IN ACCESS EXCLUSIVE MODE", "crm_customer")
# The transaction that ends a job writes an event.
EXPORT_ENDS = Moment("LOCK TABLE core_event IN EXCLUSIVE MODE", "core_event")


@contextmanager
def _waiting_job(cast: Cast, moment: Moment) -> Iterator[Job]:
    """Request a job and let it wait at the moment, in the block."""
    with blocking_session(moment.lock):
        job = _request_export(cast)
        wait_until(lambda: _is_waiting_for(moment.table))
        yield job


# ----------------------------------------------------------------------- PostgreSQL is killed


def test_postgres_killed_while_a_job_is_queued(servers: Servers, cast: Cast) -> None:
    job = _request_export(cast)
    with _postgres_killed(servers), running_worker(servers.database):
        # The worker takes the message, and fails, because it cannot reach the database.
        wait_until(servers.has_no_message)
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    with running_worker(servers.database):
        assert _resend() == [job.pk]
        wait_until(lambda: _has_ended(job))
        _assert_done_once(job, attempts=1)


@pytest.mark.parametrize("moment", [EXPORT_RUNS, EXPORT_ENDS], ids=["runs", "is about to end"])
def test_postgres_killed_while_a_worker_has_a_job(
    servers: Servers, cast: Cast, moment: Moment
) -> None:
    with running_worker(servers.database):
        with _waiting_job(cast, moment) as job, _postgres_killed(servers):
            wait_until(servers.has_no_message)  # the worker has given up
        job.refresh_from_db()
        assert (job.state, job.rows_done, locked_job_ids()) == (JobState.RUNNING, 0, set())
        assert _resend() == [job.pk]
        wait_until(lambda: _has_ended(job))
        _assert_done_once(job, attempts=2)
        _assert_worker_takes_another_job(cast)


# --------------------------------------------------------------------------- Valkey is killed


def test_job_requested_while_valkey_is_down(servers: Servers, cast: Cast) -> None:
    with running_worker(servers.database):
        _assert_worker_takes_another_job(cast)  # it is connected
        servers.kill_valkey()
        job = _request_export(cast)
        servers.restart_valkey(loses_queue=False)
        assert _resend() == [job.pk]
        wait_until(lambda: _has_ended(job))
        _assert_done_once(job, attempts=1)
