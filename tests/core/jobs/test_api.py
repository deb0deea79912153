"""Jobs over the REST API: who sees which, what a job has, its file, cancelling."""

from http import HTTPStatus

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from core.jobs.files import new_file
from core.models import Job
from core.models.job import JobState
from tests.cast import Cast
from tests.core.api import key_client
from tests.core.jobs.factories import make_job

URL = "/api/v1/jobs/"


def _job_with_file(cast: Cast) -> Job:
    name, path = new_file("csv")
    path.write_text("secret")
    return make_job(
        cast.manager, state=JobState.DONE, result_file=name, result_file_name="客户 1.csv"
    )


def test_user_sees_their_own_jobs_and_head_those_of_the_subtree(cast: Cast) -> None:
    own = make_job(cast.manager)
    stranger = make_job(cast.stranger)
    for user, visible in (
        (cast.manager, [own]),
        (cast.colleague, []),
        (cast.head, [own]),
        (cast.sysadmin, [stranger, own]),
    ):
        client = key_client(user)
        rows = client.get(URL).json()["results"]
        assert [row["id"] for row in rows] == [job.pk for job in visible]
        for job in (own, stranger):
            status = client.get(f"{URL}{job.pk}/").status_code
            assert status == (HTTPStatus.OK if job in visible else HTTPStatus.NOT_FOUND)


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("", ["failed", "done"]),
        ("?sort=id", ["done", "failed"]),
        ("?state=done", ["done"]),
        ("?state__not=done", ["failed"]),
        ("?kind=import.customers", ["failed"]),
        ("?requested_at__lte=2020-01-01", []),
        ("?where=any(state=done;kind=import.customers)", ["failed", "done"]),
    ],
)
def test_list_is_filtered_and_sorted_as_its_page(cast: Cast, query: str, states: list[str]) -> None:
    make_job(cast.manager, state=JobState.DONE)
    make_job(cast.manager, state=JobState.FAILED, kind="import.customers")
    rows = key_client(cast.manager).get(URL + query).json()["results"]
    assert [row["state"] for row in rows] == states


def test_running_job_has_its_activity_and_progress(cast: Cast) -> None:
    job = make_job(cast.manager, activity="write", progress=40)
    body = key_client(cast.manager).get(f"{URL}{job.pk}/").json()
    times = {body.pop("requested_at"), body.pop("started_at")}
    assert None not in times
    assert body == {
        "id": job.pk,
        "kind": "list.export",
        "state": "running",
        "activity": "write",
        "progress": 40,
        "rows_done": 0,
        "rows_refused": 0,
        "requested_by": "manager",
        "channel": "browser",
        "ended_at": None,
        "cancel_requested_at": None,
        "error": "",
        "reference": "",
        "file": None,
    }


def test_failed_job_has_its_error_or_its_reference(cast: Cast) -> None:
    make_job(cast.manager, state=JobState.FAILED, reference="ab12cd34")
    make_job(cast.manager, state=JobState.FAILED, error="Choose another file.")
    rows = key_client(cast.manager).get(URL).json()["results"]
    assert [(row["error"], row["reference"]) for row in rows] == [
        ("Choose another file.", ""),
        ("", "ab12cd34"),
    ]


def test_only_the_actor_gets_the_file_and_its_address(cast: Cast) -> None:
    job = _job_with_file(cast)
    client = key_client(cast.manager)
    address = client.get(f"{URL}{job.pk}/").json()["file"]
    assert address == f"http://testserver{URL}{job.pk}/file/"
    response = client.get(address, headers={"Accept": "application/octet-stream"})
    assert b"".join(response) == b"secret"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    for user in (cast.head, cast.sysadmin):
        client = key_client(user)
        assert client.get(f"{URL}{job.pk}/").json()["file"] is None
        assert client.get(address).status_code == HTTPStatus.NOT_FOUND


def test_cancel_ends_a_queued_job_and_asks_a_running_one_to_stop(cast: Cast) -> None:
    queued = make_job(cast.manager, state=JobState.QUEUED, started_at=None, ended_at=None)
    running = make_job(cast.manager)
    done = make_job(cast.manager, state=JobState.DONE)
    client = key_client(cast.manager)
    answers = [client.post(f"{URL}{job.pk}/cancel/").json() for job in (queued, running, done)]
    assert [answer["state"] for answer in answers] == ["cancelled", "running", "done"]
    assert answers[0]["ended_at"] is not None
    assert answers[1]["cancel_requested_at"] is not None


def test_job_of_another_user_is_not_cancelled_without_the_permission(cast: Cast) -> None:
    job = make_job(cast.manager)
    for user, status in (
        (cast.colleague, HTTPStatus.NOT_FOUND),
        (cast.head, HTTPStatus.FORBIDDEN),
        (cast.sysadmin, HTTPStatus.OK),
    ):
        assert key_client(user).post(f"{URL}{job.pk}/cancel/").status_code == status


@pytest.mark.parametrize("count", [2, 20])
def test_list_takes_the_same_queries_for_few_and_many(
    cast: Cast, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        make_job(cast.manager, state=JobState.DONE)
    client = key_client(cast.manager)
    with django_assert_num_queries(3):  # the API key with its user; the ids; the page
        assert len(client.get(URL).json()["results"]) == count


def test_one_job_takes_few_queries(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = make_job(cast.manager)
    client = key_client(cast.manager)
    with django_assert_num_queries(2):  # the API key with its user; the job
        client.get(f"{URL}{job.pk}/")
