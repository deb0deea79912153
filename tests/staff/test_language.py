"""Two languages: chosen before signing in by the browser, afterwards by the person."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.conftest import Login
from tests.history import fixture_changes

SWITCH = "/language/"


def _lang(client: Client, path: str = "/profile/") -> str:
    page = client.get(path).content.decode()
    return page.split('<html lang="', 1)[1].split('"', 1)[0]


def test_stranger_without_a_choice_gets_the_house_language_or_what_the_browser_asks(
    client: Client, db: None
) -> None:
    assert _lang(client, "/login/") == "zh-hans"
    english = Client(headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert _lang(english, "/login/") == "en"


def test_stranger_switching_gets_the_login_page_in_that_language(client: Client, db: None) -> None:
    response = client.post(SWITCH, {"language": "en", "next": "/login/"})
    assert response["Location"] == "/login/"
    assert _lang(client, "/login/") == "en"
    client.post(SWITCH, {"language": "zh-hans", "next": "/login/"})
    assert _lang(client, "/login/") == "zh-hans"


def test_person_switching_keeps_it_on_every_computer(cast: Cast, login: Login) -> None:
    here, elsewhere = login(cast.manager), login(cast.manager)
    assert _lang(here) == "en"
    here.post(SWITCH, {"language": "zh-hans", "next": "/profile/"})
    assert _lang(here) == "zh-hans"
    assert _lang(elsewhere) == "zh-hans"


def test_person_signing_out_still_reads_their_language(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    client.post(SWITCH, {"language": "en"})
    client.post("/logout/")
    assert _lang(client, "/login/") == "en"


def test_person_switching_keeps_their_phone(cast: Cast, login: Login) -> None:
    cast.manager.phone = "13900000000"
    with fixture_changes():
        cast.manager.save()
    login(cast.manager).post(SWITCH, {"language": "zh-hans"})
    cast.manager.refresh_from_db()
    assert (cast.manager.language, cast.manager.phone) == ("zh-hans", "13900000000")


@pytest.mark.parametrize("language", ["", "fr", "../../etc", "en\0"])
def test_switching_to_an_unknown_language_changes_nothing(
    cast: Cast, login: Login, language: str
) -> None:
    client = login(cast.manager)
    response = client.post(SWITCH, {"language": language, "next": "/profile/"})
    assert response.status_code == 302
    assert "django_language" not in response.cookies
    cast.manager.refresh_from_db()
    assert cast.manager.language == "en"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_switching_never_leads_away(client: Client, db: None, target: str) -> None:
    assert client.post(SWITCH, {"language": "en", "next": target})["Location"] == "/"


def test_switching_takes_a_post_with_its_token(db: None) -> None:
    assert Client().get(SWITCH).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(SWITCH, {"language": "en"}).status_code == 403


def test_numbers_are_written_alike_in_both_languages(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    before = client.get("/profile/").content.decode()
    client.post(SWITCH, {"language": "zh-hans"})
    after = client.get("/profile/").content.decode()
    joined = cast.manager.joined_at.strftime("%m-%d ")
    assert (joined in before) == (joined in after)
