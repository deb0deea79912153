"""The pages of jobs: who sees which, progress, files, cancelling."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from core.jobs.files import new_file
from core.models import Job
from core.models.job import JobState
from tests.cast import Cast
from tests.conftest import Login
from tests.core.jobs.factories import make_job


def test_user_sees_their_own_jobs_and_head_those_of_the_subtree(cast: Cast, login: Login) -> None:
    own = make_job(cast.manager)
    stranger = make_job(cast.stranger)
    for user, visible in ((cast.manager, {own}), (cast.colleague, set()), (cast.head, {own})):
        client = login(user)
        for job in (own, stranger):
            status = client.get(reverse("job", args=[job.pk])).status_code
            assert status == (200 if job in visible else 404)
        page = client.get(reverse("jobs")).content.decode()
        assert (f"/jobs/{own.pk}/" in page) == (own in visible)


def test_running_job_polls_and_shows_its_progress(cast: Cast, login: Login) -> None:
    job = make_job(cast.manager, progress=40, activity="write")
    page = login(cast.manager).get(reverse("job", args=[job.pk])).content.decode()
    assert "every 1s" in page
    assert 'value="40"' in page
    assert "Writing rows" in page


def test_ended_job_does_not_poll(cast: Cast, login: Login) -> None:
    job = make_job(cast.manager, state=JobState.DONE)
    page = login(cast.manager).get(reverse("job", args=[job.pk])).content.decode()
    assert "every 1s" not in page


def test_failed_job_shows_the_reference(cast: Cast, login: Login) -> None:
    job = make_job(cast.manager, state=JobState.FAILED, reference="ab12cd34")
    page = login(cast.manager).get(reverse("job", args=[job.pk])).content.decode()
    assert "ab12cd34" in page


def test_cancel_ends_in_the_page_of_the_job(cast: Cast, login: Login) -> None:
    job = make_job(cast.manager)
    response = login(cast.manager).post(reverse("job", args=[job.pk]))
    assert response.headers["Location"] == reverse("job", args=[job.pk])
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_only_the_actor_gets_the_file(cast: Cast, login: Login) -> None:
    name, path = new_file("csv")
    path.write_text("secret")
    job = make_job(
        cast.manager, state=JobState.DONE, result_file=name, result_file_name="客户 1.csv"
    )
    response = login(cast.manager).get(reverse("job_file", args=[job.pk]))
    assert b"".join(response) == b"secret"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    for user in (cast.head, cast.colleague, cast.sysadmin):
        assert login(user).get(reverse("job_file", args=[job.pk])).status_code == 404
    path.unlink()
    assert login(cast.manager).get(reverse("job_file", args=[job.pk])).status_code == 404


def test_ring_shows_a_running_job_on_every_page_and_ends_with_a_link(
    cast: Cast, login: Login
) -> None:
    client = login(cast.manager)
    assert "job-ring" not in client.get(reverse("home")).content.decode()
    job = make_job(cast.manager, progress=40)
    make_job(cast.head)
    page = client.get(reverse("home")).content.decode()
    assert f'href="/jobs/{job.pk}/"' in page
    assert "1 job running, 40 %" in page
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended_at=timezone.now())
    ring = client.get(reverse("job_ring")).content.decode()
    assert "every" not in ring
    assert "All jobs have ended" in ring


@pytest.mark.parametrize("address", ["/jobs/?state=done", "/jobs/?kind=list.export"])
def test_list_of_jobs_is_filtered(cast: Cast, login: Login, address: str) -> None:
    done = make_job(cast.manager, state=JobState.DONE)
    page = login(cast.manager).get(address).content.decode()
    assert f"/jobs/{done.pk}/" in page


@pytest.mark.parametrize("count", [2, 20])
def test_list_of_jobs_takes_the_same_queries_for_few_and_many(
    cast: Cast, login: Login, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        make_job(cast.manager, state=JobState.DONE)
    client = login(cast.manager)
    with django_assert_num_queries(7):  # session, user, views, ids, rows, bell, jobs of the top bar
        client.get(reverse("jobs"))


def test_page_of_a_job_takes_few_queries(
    cast: Cast, login: Login, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = make_job(cast.manager)
    client = login(cast.manager)
    with django_assert_num_queries(5):  # session, user, job, bell, jobs of the top bar
        client.get(reverse("job", args=[job.pk]))
    with django_assert_num_queries(3):  # what is fetched each second
        client.get(reverse("job", args=[job.pk]), headers={"HX-Request": "true"})
