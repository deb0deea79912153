"""Imports in the browser: a file becomes a job, is checked, imported, and its rejects are shown."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from core.models import Job
from core.models.job import JobState
from core.notices.reading import own_notices, show_notices
from core.services.job_execution import execute_in_this_process
from crm.models import Customer, ImportBatch, Transaction
from tests.cast import Cast
from tests.conftest import Login
from tests.core.events.waiting import consume_until
from tests.core.jobs.factories import make_job
from tests.crm.factories import make_customer

CUSTOMERS = "客户编码,客户名称\nGS1,华天科技\nGS2,\n".encode("gb18030")


def _send(client: Client, url_name: str, content: bytes, **options: str) -> Job:
    file = SimpleUploadedFile("客户.csv", content)
    response = client.post(reverse(url_name), {"file": file, **options})
    assert response.status_code == 302, response.content.decode()
    job = Job.objects.latest("pk")
    assert response.headers["Location"] == reverse("job", args=[job.pk])
    return job


def _execute(job: Job) -> Job:
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job


def test_checked_file_stores_nothing_and_is_imported_by_one_click(cast: Cast, login: Login) -> None:
    client = login(cast.division_admin)
    checked = _execute(_send(client, "import_customers", CUSTOMERS, dry_run="on"))
    assert (checked.rows_done, checked.rows_refused) == (1, 1)
    assert not Customer.objects.exists()
    page = client.get(reverse("job", args=[checked.pk])).content.decode()
    assert "nothing is stored yet" in page
    client.post(reverse("import_customers"), {"job": str(checked.pk)})
    _execute(Job.objects.latest("pk"))
    assert list(Customer.objects.values_list("code", "name")) == [("GS1", "华天科技")]
    assert ImportBatch.objects.get().file_name == "客户.csv"


def test_refused_rows_are_shown_and_downloaded(cast: Cast, login: Login) -> None:
    client = login(cast.division_admin)
    job = _execute(_send(client, "import_customers", CUSTOMERS))
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert job.result["rejects"][0]["line"] == 3
    assert job.result["rejects"][0]["reason"] in page
    response = client.get(reverse("job_file", args=[job.pk]))
    assert "GS2" in b"".join(response).decode("utf-8-sig")
    assert "rejects.csv" in response["Content-Disposition"]


def test_import_and_its_job_are_stored_in_one_transaction(
    committed_cast: Cast, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _send(login(committed_cast.division_admin), "import_customers", CUSTOMERS)

    def fail(*_args: object, **_changes: object) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("core.services.job_execution.end_job", fail)
        with pytest.raises(ZeroDivisionError):
            execute_in_this_process(job_id=job.pk)
    assert not Customer.objects.exists()  # the job is not done, so the rows are not stored
    _execute(job)
    assert Customer.objects.count() == 1


def test_transactions_are_imported_with_their_options(cast: Cast, login: Login) -> None:
    make_customer(cast.lanzhou, code="GS1", name="华天科技", owner=cast.manager)
    content = "客户编码,日期,金额\nGS1,2026-10-01,10.00\nNEW1,2026-10-01,5\n".encode()
    client = login(cast.division_admin)
    job = _send(client, "import_transactions", content, system="file", create_customers="on")
    _execute(job)
    assert (Transaction.objects.count(), job.result["customers_created"]) == (2, 1)


def test_changes_of_an_import_name_its_job_in_the_history(cast: Cast, login: Login) -> None:
    job = _execute(_send(login(cast.division_admin), "import_customers", CUSTOMERS))
    event = Customer.objects.get().events.get()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["job"] == job.pk


def test_missing_file_is_asked_for(cast: Cast, login: Login) -> None:
    response = login(cast.division_admin).post(reverse("import_customers"))
    assert response.status_code == 422
    assert "Choose a file." in response.content.decode()
    assert not Job.objects.exists()


def test_file_above_the_limit_is_refused(cast: Cast, login: Login, settings: Any) -> None:
    settings.API_BULK_MAX_BYTES = 1_000
    response = login(cast.division_admin).post(
        reverse("import_customers"), {"file": SimpleUploadedFile("a.csv", b"x" * 70_000)}
    )
    assert response.status_code == 422
    assert "too large" in response.content.decode()
    assert not Job.objects.exists()


def test_unreadable_file_ends_with_what_to_do(cast: Cast, login: Login) -> None:
    client = login(cast.division_admin)
    job = _send(client, "import_customers", b"\xd0\xcf\x11\xe0" + b"x" * 100)
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert (
        "Save it as plain XLSX or CSV" in client.get(reverse("job", args=[job.pk])).content.decode()
    )


def test_file_of_another_user_is_not_imported(cast: Cast, login: Login) -> None:
    checked = _execute(
        _send(login(cast.division_admin), "import_customers", CUSTOMERS, dry_run="on")
    )
    Job.objects.filter(pk=checked.pk).update(actor=cast.head)
    response = login(cast.division_admin).post(
        reverse("import_customers"), {"job": str(checked.pk)}
    )
    assert response.status_code == 404


def test_upload_without_the_token_of_the_form_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.division_admin)
    file = SimpleUploadedFile("客户.csv", CUSTOMERS)
    response = client.post(reverse("import_customers"), {"file": file})
    assert (response.status_code, Job.objects.count()) == (403, 0)


@pytest.mark.parametrize("count", [2, 20])
def test_page_takes_the_same_queries_for_few_and_many_imports(
    cast: Cast, login: Login, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        make_job(cast.division_admin, kind="import.customers", parameters={"file_name": "a.csv"})
    client = login(cast.division_admin)
    with django_assert_num_queries(6):  # session, user, units, jobs, bell, own jobs
        client.get(reverse("import_customers"))


def test_notice_of_an_import_leads_to_its_job(committed_cast: Cast, login: Login) -> None:
    administrator = committed_cast.division_admin
    job = _execute(_send(login(administrator), "import_customers", CUSTOMERS))
    consume_until(lambda: own_notices(administrator).exists())
    (notice,) = show_notices(administrator, list(own_notices(administrator)))
    assert notice.url == reverse("job", args=[job.pk])
