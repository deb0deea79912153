"""The files of records over the REST API."""

from hashlib import sha256
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from core.models import Attachment
from crm.models import Customer
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import KeyClient, key_client
from tests.core.files.factories import HTML, PDF, make_attachment, upload
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, owner=cast.manager)


@pytest.fixture
def client(cast: Cast) -> KeyClient:
    return key_client(cast.manager)


def _url(customer: Customer) -> str:
    return f"/api/v1/customers/{customer.pk}/files/"


def _post(client: Any, customer: Customer, **options: Any) -> Any:
    return client.post(_url(customer), upload(**options))


def _content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_file_is_added_listed_read_and_removed(client: KeyClient, customer: Customer) -> None:
    created = _post(client, customer, name="合同.pdf")
    assert created.status_code == 201, created.content
    body = created.json()
    assert {name: body[name] for name in ("name", "kind", "size", "sha256", "added_by")} == {
        "name": "合同.pdf", "kind": "pdf", "size": len(PDF), "sha256": sha256(PDF).hexdigest(),
        "added_by": "manager",
    }  # fmt: skip
    assert client.get(_url(customer)).json()["results"] == [body]
    content = client.get(f"{_url(customer)}{body['id']}/")
    assert _content(content) == PDF
    assert content.headers["Content-Type"] == "application/octet-stream"
    assert content.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert client.delete(f"{_url(customer)}{body['id']}/").status_code == 204
    assert client.get(f"{_url(customer)}{body['id']}/").status_code == 404


@pytest.mark.parametrize("accept", ["application/octet-stream", "*/*", "application/json"])
def test_content_is_sent_whatever_the_client_accepts(
    cast: Cast, client: KeyClient, customer: Customer, accept: str
) -> None:
    file = make_attachment(customer, actor=cast.manager, content=HTML)
    response = client.get(f"{_url(customer)}{file.pk}/", headers={"Accept": accept})
    assert _content(response) == HTML
    assert response.headers["Content-Type"] == "application/octet-stream"
    missing = client.get(f"{_url(customer)}0/", headers={"Accept": accept})
    assert missing.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content": b"a" * 1001}, "The file is too large: at most 1000\xa0bytes."),
        ({"content": b""}, "The file is empty."),
        ({"name": "a.exe"}, "“a.exe” is a program or script. Programs are not stored here."),
    ],
)
def test_refused_file_is_an_error_of_its_field(
    client: KeyClient, customer: Customer, settings: Settings, options: Any, message: str
) -> None:
    settings.FILE_MAX_BYTES = 1000
    response = _post(client, customer, **options)
    assert response.status_code == 400
    assert response.json()["errors"] == {"file": [message]}
    assert not Attachment.objects.exists()


def test_request_without_a_file_is_refused(client: KeyClient, customer: Customer) -> None:
    response = client.post(_url(customer), {"note": "no file"})
    assert response.json()["errors"] == {"file": ["Choose a file."]}
    assert client.post(_url(customer), "{}", "application/json").status_code == 415


def test_files_of_another_division_are_not_found(cast: Cast, client: KeyClient) -> None:
    hidden = make_customer(cast.changsha, owner=cast.stranger)
    file = make_attachment(hidden, actor=cast.stranger)
    own = make_customer(cast.lanzhou, owner=cast.manager)
    assert client.get(_url(hidden)).status_code == 404
    assert _post(client, hidden).status_code == 404
    for record in (hidden, own):
        for method in ("get", "delete"):
            response = getattr(client, method)(f"{_url(record)}{file.pk}/")
            assert response.status_code == 404
    assert Attachment.objects.get() == file


def test_session_needs_the_token_and_limits_the_upload(
    cast: Cast, customer: Customer, login: Login, settings: Settings
) -> None:
    settings.FILE_MAX_BYTES = 10
    client = login(cast.manager)
    assert _post(client, customer).json()["errors"]["file"] == [
        "The file is too large: at most 10\xa0bytes."
    ]
    client.handler.enforce_csrf_checks = True
    assert _post(client, customer).status_code == 403


@pytest.mark.parametrize("files", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, customer: Customer, files: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    complaint = make_complaint(customer, actor=cast.manager)
    for _ in range(files):
        make_attachment(complaint, actor=cast.manager)
    client = key_client(cast.head)
    with django_assert_num_queries(4):  # key with user; complaint; ids of files; the files
        listed = client.get(f"/api/v1/complaints/{complaint.pk}/files/").json()["results"]
    assert len(listed) == files
