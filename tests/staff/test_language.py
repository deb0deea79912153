"""The language: a cookie or the browser decides before signing in, the account afterwards."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.conftest import Login
from tests.history import fixture_changes

SWITCH_URL = "/language/"


def _page_language(client: Client, path: str = "/profile/") -> str:
    """Return the lang attribute of a page."""
    page = client.get(path).content.decode()
    return page.split('<html lang="', 1)[1].split('"', 1)[0]


def test_anonymous_user_gets_the_default_or_the_browsers_language(client: Client, db: None) -> None:
    assert _page_language(client, "/login/") == "zh-hans"
    english = Client(headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert _page_language(english, "/login/") == "en"


def test_anonymous_user_can_switch_the_login_page(client: Client, db: None) -> None:
    response = client.post(SWITCH_URL, {"language": "en", "next": "/login/"})
    assert response["Location"] == "/login/"
    assert _page_language(client, "/login/") == "en"
    client.post(SWITCH_URL, {"language": "zh-hans", "next": "/login/"})
    assert _page_language(client, "/login/") == "zh-hans"


def test_signed_in_user_switches_on_every_computer(cast: Cast, login: Login) -> None:
    client, other_client = login(cast.manager), login(cast.manager)
    assert _page_language(client) == "en"
    client.post(SWITCH_URL, {"language": "zh-hans", "next": "/profile/"})
    assert _page_language(client) == "zh-hans"
    assert _page_language(other_client) == "zh-hans"


def test_language_stays_after_signing_out(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    client.post(SWITCH_URL, {"language": "en"})
    client.post("/logout/")
    assert _page_language(client, "/login/") == "en"


def test_switching_does_not_change_the_phone(cast: Cast, login: Login) -> None:
    cast.manager.phone = "13900000000"
    with fixture_changes():
        cast.manager.save()
    login(cast.manager).post(SWITCH_URL, {"language": "zh-hans"})
    cast.manager.refresh_from_db()
    assert (cast.manager.language, cast.manager.phone) == ("zh-hans", "13900000000")


@pytest.mark.parametrize("language", ["", "fr", "../../etc", "en\0"])
def test_switching_to_an_unknown_language_changes_nothing(
    cast: Cast, login: Login, language: str
) -> None:
    client = login(cast.manager)
    response = client.post(SWITCH_URL, {"language": language, "next": "/profile/"})
    assert response.status_code == 302
    assert "django_language" not in response.cookies
    cast.manager.refresh_from_db()
    assert cast.manager.language == "en"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_switching_never_redirects_to_another_site(client: Client, db: None, target: str) -> None:
    assert client.post(SWITCH_URL, {"language": "en", "next": target})["Location"] == "/"


def test_switching_needs_a_post_with_the_csrf_token(db: None) -> None:
    assert Client().get(SWITCH_URL).status_code == 405
    client = Client(enforce_csrf_checks=True)
    assert client.post(SWITCH_URL, {"language": "en"}).status_code == 403


def test_dates_have_the_same_format_in_both_languages(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    english_page = client.get("/profile/").content.decode()
    client.post(SWITCH_URL, {"language": "zh-hans"})
    chinese_page = client.get("/profile/").content.decode()
    joined = cast.manager.joined_at.strftime("%m-%d ")
    assert (joined in english_page) == (joined in chinese_page)
