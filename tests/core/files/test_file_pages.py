"""The pages of the files of a record: upload, download and removal, also by an attacker."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from core.files.storage import file_storage
from core.models import Attachment
from core.selectors import SHOWN_FILES
from crm.models import Customer
from satisfaction.models import Complaint
from tests.cast import Cast
from tests.conftest import Login
from tests.core.files.factories import HTML, PDF, PNG, SVG, TEXT, make_attachment, upload
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint

HTMX = {"HX-Request": "true"}


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, name="华天科技", owner=cast.manager)


@pytest.fixture
def complaint(cast: Cast, customer: Customer) -> Complaint:
    return make_complaint(customer, actor=cast.agent)


def _files_url(customer: Customer) -> str:
    return reverse("customer_files", args=[customer.pk])


def _file_url(file: Attachment, page: str = "customer_file") -> str:
    return reverse(page, args=[file.record_id, file.pk])


def _content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_upload_adds_the_file_and_returns_to_the_customer(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client = login(cast.manager)
    response = client.post(_files_url(customer), upload("框架合同.pdf"), follow=True)
    assert response.redirect_chain == [(reverse("customer", args=[customer.pk]), 302)]
    assert "“框架合同.pdf” was added" in response.content.decode()
    panel = client.get(reverse("customer_panel", args=[customer.pk, "files"])).content.decode()
    assert "框架合同.pdf" in panel
    assert "PDF document · 89\xa0bytes · Mia Manager" in panel


def test_upload_by_htmx_answers_with_the_panel_and_a_notice(
    cast: Cast, customer: Customer, login: Login
) -> None:
    response = login(cast.manager).post(_files_url(customer), upload("a.pdf"), headers=HTMX)
    assert response.headers["HX-Trigger"].isascii()
    assert "a.pdf" in response.headers["HX-Trigger"]
    assert response.content.decode().lstrip().startswith('<header class="panel-head">')


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"a" * 1001, ("en", "The file is too large: at most 1000")),
        (b"a" * 1001, ("zh-hans", "文件过大：不得超过 1000")),
        (b"", ("en", "The file is empty.")),
    ],
)
def test_refused_upload_says_why(
    cast: Cast, customer: Customer, settings: Settings, content: bytes, refusal: tuple[str, str]
) -> None:
    settings.FILE_MAX_BYTES = 1000
    language, message = refusal
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(language=language)
    client = Client()
    client.force_login(cast.manager)
    for headers in ({}, HTMX):
        response = client.post(_files_url(customer), upload("a.txt", content), headers=headers)
        assert response.status_code == 422
        page = response.content.decode()
        assert message in page.replace("\xa0", " ")
        assert 'aria-invalid="true"' in page
    assert not Attachment.objects.exists()


def test_upload_without_a_file_asks_for_one(cast: Cast, customer: Customer, login: Login) -> None:
    response = login(cast.manager).post(_files_url(customer), {"file": "no file"})
    assert (response.status_code, "Choose a file." in response.content.decode()) == (422, True)


def test_several_files_together_are_limited_too(
    cast: Cast, customer: Customer, login: Login, settings: Settings
) -> None:
    settings.FILE_MAX_BYTES = 1000
    others = {f"other{number}": SimpleUploadedFile("b.txt", b"b" * 900) for number in range(3)}
    response = login(cast.manager).post(_files_url(customer), others | upload("a.txt", TEXT))
    assert response.status_code == 422


def test_upload_needs_the_token_against_forged_requests(cast: Cast, customer: Customer) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.manager)
    assert client.post(_files_url(customer), upload()).status_code == 403
    page = client.get(_files_url(customer)).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    data = upload() | {"csrfmiddlewaretoken": token}
    assert client.post(_files_url(customer), data).status_code == 302


@pytest.mark.parametrize(
    ("file", "content_type", "disposition"),
    [
        (("logo.png", PNG), "image/png", "inline"),
        (("合同.pdf", PDF), "application/pdf", "inline"),
        (("notes.txt", TEXT), "text/plain", "attachment"),
        (("picture.png", HTML), "application/octet-stream", "attachment"),
        (("picture.svg", SVG), "application/octet-stream", "attachment"),
        (("page.html", HTML), "application/octet-stream", "attachment"),
        # Pictures that are also pages: the browser is told not to look inside.
        (("page.html", PNG + HTML), "image/png", "inline"),
        (("page.html", b"GIF89a/*" + HTML), "image/gif", "inline"),
        (("page.html", HTML + PNG), "application/octet-stream", "attachment"),
    ],
)
def test_download_cannot_run_in_the_products_name(
    cast: Cast, customer: Customer, file: tuple[str, bytes], content_type: str, disposition: str
) -> None:
    client = Client()
    client.force_login(cast.manager)
    client.post(_files_url(customer), upload(*file))
    response = client.get(_file_url(Attachment.objects.get()))
    assert _content(response) == file[1]
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"].split(";")[0] == disposition
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("合同 1.txt", "attachment; filename*=utf-8''%E5%90%88%E5%90%8C%201.txt"),
        ('a"; filename="evil.exe.txt', 'attachment; filename="a_; filename=_evil.exe.txt"'),
        ("a.txt\r\nSet-Cookie: x=1", 'attachment; filename="a.txtSet-Cookie_ x=1"'),
    ],
)
def test_name_cannot_break_the_header(
    cast: Cast, customer: Customer, login: Login, name: str, disposition: str
) -> None:
    file = make_attachment(customer, actor=cast.manager, name=name, content=TEXT)
    response = login(cast.manager).get(_file_url(file))
    _content(response)
    assert response.headers["Content-Disposition"] == disposition
    assert "Set-Cookie" not in response.headers


def test_path_in_a_name_goes_nowhere(cast: Cast, customer: Customer, login: Login) -> None:
    login(cast.manager).post(_files_url(customer), upload("../../../tmp/evil.txt", TEXT))
    file = Attachment.objects.get()
    assert file.name == "evil.txt"
    folder = Path(file_storage().path(""))
    assert Path(file_storage().path(file.stored_name)).is_relative_to(folder)


def test_file_of_another_division_is_not_found_by_any_address(
    cast: Cast, customer: Customer, complaint: Complaint, login: Login
) -> None:
    hidden_customer = make_customer(cast.changsha, owner=cast.stranger)
    hidden = make_attachment(hidden_customer, actor=cast.stranger)
    client = login(cast.manager)
    for record_id in (hidden_customer.pk, customer.pk, complaint.pk):
        for page in ("customer_file", "complaint_file", "customer_file_remove"):
            address = reverse(page, args=[record_id, hidden.pk])
            assert client.get(address).status_code == 404, address
    remove = reverse("customer_file_remove", args=[hidden_customer.pk, hidden.pk])
    assert client.post(remove).status_code == 404
    # With a record of one's own the answer is that the file is not there.
    client.post(reverse("customer_file_remove", args=[customer.pk, hidden.pk]))
    assert Attachment.objects.get() == hidden


def test_file_of_a_complaint_needs_the_permission_for_complaints(
    cast: Cast, customer: Customer, complaint: Complaint, login: Login
) -> None:
    file = make_attachment(complaint, actor=cast.agent)
    role = cast.manager.role
    role.permissions = [each for each in role.permissions if not each.startswith("complaint")]
    with fixture_changes():
        role.save()
    client = login(cast.manager)
    assert client.get(_file_url(file, "complaint_file")).status_code == 403
    address = reverse("customer_file", args=[customer.pk, file.pk])
    assert client.get(address).status_code == 404


def test_removal_asks_naming_the_file_then_removes_it(
    cast: Cast, customer: Customer, login: Login
) -> None:
    file = make_attachment(customer, actor=cast.manager, name="旧报价.pdf")
    client = login(cast.head)
    address = _file_url(file, "customer_file_remove")
    assert "Remove “旧报价.pdf” from 华天科技?" in client.get(address).content.decode()
    page = client.post(address, follow=True).content.decode()
    assert "“旧报价.pdf” was removed" in page
    assert not Attachment.objects.exists()
    # The second of two users who remove it.
    assert "This file is not here any more." in client.post(address, follow=True).content.decode()


def test_users_who_may_only_see_get_no_form_and_no_link_to_remove(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_attachment(customer, actor=cast.manager)
    page = login(cast.auditor).get(_files_url(customer)).content.decode()
    assert "合同.pdf" in page
    assert 'type="file"' not in page
    assert "/remove/" not in page


def test_missing_file_answers_not_found_and_is_logged(
    cast: Cast, customer: Customer, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    file = make_attachment(customer, actor=cast.manager)
    file_storage().delete(file.stored_name)
    assert login(cast.manager).get(_file_url(file)).status_code == 404
    assert f"the stored file {file.stored_name} is missing" in caplog.text


def test_complaint_page_shows_files_and_its_timeline_says_who_changed_them(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    client = login(cast.agent)
    client.post(reverse("complaint_files", args=[complaint.pk]), upload("照片.png", PNG))
    address = _file_url(Attachment.objects.get(), "complaint_file_remove")
    page = client.get(reverse("complaint", args=[complaint.pk])).content.decode()
    assert "added a file" in page
    assert address in page
    client.post(address)
    page = client.get(reverse("complaint", args=[complaint.pk])).content.decode()
    assert "removed a file" in page
    assert address not in page


@pytest.mark.parametrize("files", [2, 20])
def test_page_of_files_takes_the_same_queries_for_few_and_many(
    cast: Cast, customer: Customer, login: Login, files: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for number in range(files):
        make_attachment(customer, actor=cast.manager, name=f"第 {number} 版.pdf")
    client = login(cast.head)
    with django_assert_num_queries(6):  # session, user, customer, files, bell, jobs
        page = client.get(_files_url(customer)).content.decode()
    assert page.count("entry-title") == files
    assert ('<details class="unfold"' in page) == (files > SHOWN_FILES)
