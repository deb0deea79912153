"""Exports of lists: the rows and values that the user sees on the page, as a file."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from core.listing import export
from core.models import CustomFieldKind, Job
from core.models.job import JobState
from core.services.custom_field import save_custom_field
from core.services.job_execution import execute_in_this_process
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer


def _download(client: Client, address: str, file_format: str) -> bytes:
    response = client.post(address, {"format": file_format}, follow=True)
    assert response.status_code == 200
    return b"".join(response)


def _csv_rows(content: bytes) -> list[Sequence[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_has_the_visible_rows_that_match_in_the_order_of_the_page(
    cast: Cast, login: Login
) -> None:
    for code, name in (("A1", "甲公司"), ("A2", "乙公司"), ("A3", "丙工厂")):
        make_customer(cast.lanzhou, code=code, name=name, owner=cast.manager)
    make_customer(cast.changsha, code="X9", name="丁公司", owner=cast.stranger)
    address = reverse("list_export", args=["customers"]) + "?q=公司&sort=-name"
    rows = _csv_rows(_download(login(cast.manager), address, "csv"))
    expected = sorted(["甲公司", "乙公司"], reverse=True)
    assert rows[0][:2] == ["Customer code", "Customer"]
    assert [row[1] for row in rows[1:]] == expected
    job = Job.objects.get()
    assert (job.state, job.rows_done, job.actor) == (JobState.DONE, 2, cast.manager)


def test_spreadsheet_has_numbers_as_numbers(cast: Cast, login: Login) -> None:
    make_customer(cast.lanzhou, code="A1", name="甲公司", owner=cast.manager)
    content = _download(login(cast.manager), reverse("list_export", args=["customers"]), "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    header = [cell.value for cell in sheet[1]]
    assert isinstance(sheet.cell(2, header.index("Changed") + 1).value, datetime)


def test_text_that_looks_like_a_formula_is_not_run(cast: Cast, login: Login) -> None:
    make_customer(cast.lanzhou, code="A1", name="=1+1", owner=cast.manager)
    client = login(cast.manager)
    address = reverse("list_export", args=["customers"])
    assert _csv_rows(_download(client, address, "csv"))[1][1] == "'=1+1"
    sheet = openpyxl.load_workbook(io.BytesIO(_download(client, address, "xlsx"))).active
    assert sheet is not None
    assert (sheet.cell(2, 2).value, sheet.cell(2, 2).data_type) == ("=1+1", "s")


def test_masked_field_is_masked_in_the_file(cast: Cast, login: Login) -> None:
    save_custom_field(
        actor=cast.sysadmin, record_type="customer", key="line", label_zh="专线",
        kind=CustomFieldKind.TEXT, sensitive=True,
    )  # fmt: skip
    customer = make_customer(cast.lanzhou, code="A1", name="甲公司", owner=cast.manager)
    update_customer(
        customer_id=customer.pk, actor=cast.manager, version=customer.version, custom_line="秘密"
    )
    address = reverse("list_export", args=["customers"])
    assert "秘密" in _download(login(cast.manager), address, "csv").decode()
    masked = _download(login(cast.executive), address, "csv").decode()
    assert "甲公司" in masked
    assert "秘密" not in masked


def test_tab_of_the_page_restricts_its_export(cast: Cast, login: Login) -> None:
    address = reverse("list_export", args=["complaints"]) + "?view=closed"
    login(cast.agent).post(address, {"format": "csv"})
    where = Job.objects.get().parameters["selection"]["query"]["where"]
    assert "closed" in str(where)


def test_large_export_is_a_job_of_a_worker(
    cast: Cast, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(export, "ROWS_PER_READ", 1)
    for code in ("A1", "A2", "A3"):
        make_customer(cast.lanzhou, code=code, name=code, owner=cast.manager)
    client = login(cast.manager)
    response = client.post(reverse("list_export", args=["customers"]), {"format": "csv"})
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("job", args=[job.pk])
    assert job.state == JobState.QUEUED
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done) == (JobState.DONE, 3)
    rows = _csv_rows(b"".join(client.get(reverse("job_file", args=[job.pk]))))
    assert [row[0] for row in rows[1:]] == ["A1", "A2", "A3"]


@pytest.mark.parametrize(
    ("name", "file_format"), [("unknown", "csv"), ("customers", "exe"), ("customers", "")]
)
def test_unknown_list_or_format_is_not_found(
    cast: Cast, login: Login, name: str, file_format: str
) -> None:
    response = login(cast.manager).post(
        reverse("list_export", args=[name]), {"format": file_format}
    )
    assert response.status_code == 404


def test_list_that_the_user_may_not_see_is_not_exported(cast: Cast, login: Login) -> None:
    response = login(cast.manager).post(reverse("list_export", args=["runs"]), {"format": "csv"})
    assert (response.status_code, Job.objects.count()) == (403, 0)
