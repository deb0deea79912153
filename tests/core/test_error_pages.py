"""Error pages, and the security headers of all pages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config import urls
from tests.cast import Cast
from tests.conftest import Login


def _raise(request: HttpRequest, kind: str) -> HttpResponse:
    raise {
        "400": SuspiciousOperation("odd"),
        "403": PermissionDenied("no"),
        "500": RuntimeError("internal details"),
    }[kind]


urlpatterns = [path("raise/<str:kind>/", _raise), *urls.urlpatterns]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

with_raising_view = override_settings(ROOT_URLCONF=__name__)


@contextmanager
def _database_down() -> Iterator[None]:
    def fail(*_: object) -> None:
        raise OperationalError("the database is down")

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["400", "403", "404", "500"])
@with_raising_view
def test_error_page_has_its_status_and_a_link_home(cast: Cast, kind: str, lang: str) -> None:
    client = Client(raise_request_exception=False)
    client.post("/language/", {"language": lang})
    for user in (None, cast.manager):
        if user is not None:
            client.force_login(user)
        response = client.get("/nowhere/" if kind == "404" else f"/raise/{kind}/")
        page = response.content.decode()
        assert response.status_code == int(kind)
        assert 'href="/"' in page
        assert "<h1>" in page
        assert 'data-page-kind="error"' in page
        assert "internal details" not in page


@with_raising_view
def test_error_page_of_a_signed_in_user_has_the_menu(cast: Cast, login: Login) -> None:
    for address in ("/nowhere/", "/raise/403/"):
        page = login(cast.manager).get(address).content.decode()
        assert 'class="rail"' in page
        assert "Mia Manager" in page


@with_raising_view
def test_error_page_of_an_anonymous_user_has_no_menu(client: Client, db: None) -> None:
    assert 'class="rail"' not in client.get("/nowhere/").content.decode()


@with_raising_view
def test_server_error_shows_a_reference_that_is_in_the_log(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR, logger="core.views.errors"):
        response = client.get("/raise/500/")
    reference = response["X-Reference"]
    assert reference in response.content.decode()
    assert any(reference in record.getMessage() for record in caplog.records)


def test_server_error_page_needs_no_database(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    client.raise_request_exception = False
    with _database_down():
        response = client.get("/profile/")
    assert response.status_code == 500
    assert response["X-Reference"] in response.content.decode()


def test_form_without_a_valid_csrf_token_asks_to_reload(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.manager)
    response = client.post("/profile/", {"language": "en", "phone": ""})
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()


def test_every_page_forbids_inline_scripts_and_styles(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    for address in ("/profile/", "/password/", "/nowhere/"):
        response = client.get(address)
        page = response.content.decode()
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert settings.SECRET_KEY not in page
