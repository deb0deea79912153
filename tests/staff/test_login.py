"""Signing in and out: who gets in, what those are told who don't, and how guessing is slowed."""

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.history import fixture_changes

LOGIN = "/login/"


def _try(client: Client, number: str, password: str, **extra: str) -> HttpResponse:
    return client.post(LOGIN, {"login": number, "password": password, **extra})  # type: ignore[return-value]


def _signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_login_right_password_lands_on_today(cast: Cast, client: Client) -> None:
    response = _try(client, "manager", "manager-secret-9")
    assert response.status_code == 302
    assert response["Location"] == reverse("home")
    assert _signed_in(client)


def test_login_number_in_other_case_is_the_same_person(cast: Cast, client: Client) -> None:
    _try(client, " MANAGER ", "manager-secret-9")
    assert client.session["_auth_user_id"] == str(cast.manager.pk)


def test_login_lasts_a_working_day_not_longer(cast: Cast, client: Client) -> None:
    _try(client, "manager", "manager-secret-9")
    assert client.session.get_expiry_age() == 12 * 3600


def test_login_next_leads_back_to_the_page_asked_for(cast: Cast, client: Client) -> None:
    asked = client.get("/profile/")
    assert asked["Location"] == "/login/?next=/profile/"
    response = _try(client, "manager", "manager-secret-9", next="/profile/")
    assert response["Location"] == "/profile/"


def test_login_next_of_another_site_is_ignored(cast: Cast, client: Client) -> None:
    response = _try(client, "manager", "manager-secret-9", next="https://evil.example/")
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize("odd", ["http://[", "//evil.example/", "/\\\\evil.example/"])
def test_login_next_that_is_no_address_of_ours_leads_home(
    cast: Cast, client: Client, odd: str
) -> None:
    response = _try(client, "manager", "manager-secret-9", next=odd)
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize(
    ("number", "password"), [("manager", "mistaken-1"), ("nobody", "mistaken-1")]
)
def test_login_wrong_password_and_unknown_number_get_the_same_answer(
    cast: Cast, client: Client, number: str, password: str
) -> None:
    response = _try(client, number, password)
    page = response.content.decode()
    assert response.status_code == 200
    assert 'role="alert"' in page
    assert "工号或密码不对。" in page or "The employee number or the password is wrong." in page
    assert f'value="{number}"' in page
    assert password not in page
    assert not _signed_in(client)


def test_login_closed_account_is_told_so_only_with_the_right_password(
    cast: Cast, client: Client
) -> None:
    cast.manager.is_active = False
    with fixture_changes():
        cast.manager.save()
    closed = "This account is closed. Ask your division&#x27;s administrator."
    client.post("/language/", {"language": "en"})
    assert closed in _try(client, "manager", "manager-secret-9").content.decode()
    assert closed not in _try(client, "manager", "wrong").content.decode()
    assert not _signed_in(client)


def test_login_after_five_wrong_tries_is_stopped_even_with_the_right_password(
    cast: Cast, client: Client
) -> None:
    client.post("/language/", {"language": "en"})
    for _ in range(5):
        assert "password is wrong" in _try(client, "manager", "wrong").content.decode()
    stopped = _try(client, "manager", "manager-secret-9")
    assert "Too many failed tries. Wait five minutes" in stopped.content.decode()
    assert not _signed_in(client)
    # Somebody else at another place is not stopped along with them.
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    _try(elsewhere, "head", "head-secret-9")
    assert _signed_in(elsewhere)


def test_login_wrong_tries_from_many_places_under_many_hosts_count_together(cast: Cast) -> None:
    def guess(number: int, password: str) -> HttpResponse:
        browser = Client(REMOTE_ADDR=f"10.0.0.{number}")
        headers = {"Host": f"localhost:{8000 + number}", "Accept-Language": "en"}
        data = {"login": "manager", "password": password}
        return browser.post(LOGIN, data, headers=headers)  # type: ignore[return-value]

    for number in range(5):
        assert "password is wrong" in guess(number, "wrong").content.decode()
    assert "Too many failed tries. Wait" in guess(6, "manager-secret-9").content.decode()


def test_login_wrong_tries_are_counted_in_the_shared_cache(cast: Cast, client: Client) -> None:
    """Every web process must see the same count."""
    for _ in range(5):
        _try(client, "manager", "wrong")
    cache.clear()
    _try(client, "manager", "manager-secret-9")
    assert _signed_in(client)


def test_login_sixty_requests_a_minute_from_one_place_get_429(cast: Cast, client: Client) -> None:
    client.post("/language/", {"language": "en"})
    answers = [_try(client, "", "").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    assert "Too many requests" in _try(client, "", "").content.decode()


def test_login_signed_in_already_goes_on(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    assert client.get(LOGIN)["Location"] == reverse("home")


def test_logout_by_a_link_asks_and_by_the_button_ends_the_session(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.manager)
    assert client.get("/logout/").status_code == 200
    assert _signed_in(client)
    assert client.post("/logout/")["Location"] == LOGIN
    assert not _signed_in(client)


def test_password_change_takes_the_old_one_and_keeps_the_session(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.manager)
    new = "harbour-lantern-42"
    wrong = {"oldpassword": "not it", "password1": new, "password2": new}
    page = client.post("/password/", wrong).content.decode()
    assert "This is not the current password." in page
    right = {**wrong, "oldpassword": "manager-secret-9"}
    assert client.post("/password/", right)["Location"] == reverse("profile")
    assert "The password was changed." in client.get("/profile/").content.decode()
    cast.manager.refresh_from_db()
    assert cast.manager.check_password(new)


@pytest.mark.parametrize("weak", ["short-1", "1234567890123", "password123"])
def test_password_change_weak_one_is_refused(cast: Cast, client: Client, weak: str) -> None:
    client.force_login(cast.manager)
    data = {"oldpassword": "manager-secret-9", "password1": weak, "password2": weak}
    response = client.post("/password/", data)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    cast.manager.refresh_from_db()
    assert cast.manager.check_password("manager-secret-9")


def test_part_of_a_page_after_the_session_ended_gets_401_not_the_login_page(
    cast: Cast, client: Client
) -> None:
    response = client.get("/profile/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.content == b""


def test_pages_of_other_people_never_sign_up(client: Client, db: None) -> None:
    for path in ("/signup/", "/accounts/signup/", "/password/reset/"):
        assert client.get(path).status_code == 404
