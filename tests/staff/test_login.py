"""Signing in and out: messages for refused attempts, and limits against guessing passwords."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.history import fixture_changes

LOGIN_URL = "/login/"


def _sign_in(client: Client, number: str, password: str, **extra: str) -> HttpResponse:
    return client.post(LOGIN_URL, {"login": number, "password": password, **extra})  # type: ignore[return-value]


def _is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_login_with_the_right_password_redirects_to_the_home_page(
    cast: Cast, client: Client
) -> None:
    response = _sign_in(client, "manager", "manager-secret-9")
    assert response.status_code == 302
    assert response["Location"] == reverse("home")
    assert _is_signed_in(client)


def test_login_ignores_the_case_of_the_employee_number(cast: Cast, client: Client) -> None:
    _sign_in(client, " MANAGER ", "manager-secret-9")
    assert client.session["_auth_user_id"] == str(cast.manager.pk)


def test_login_lasts_twelve_hours(cast: Cast, client: Client) -> None:
    _sign_in(client, "manager", "manager-secret-9")
    assert client.session.get_expiry_age() == 12 * 3600


def test_login_redirects_to_the_requested_page(cast: Cast, client: Client) -> None:
    redirect = client.get("/profile/")
    assert redirect["Location"] == "/login/?next=/profile/"
    response = _sign_in(client, "manager", "manager-secret-9", next="/profile/")
    assert response["Location"] == "/profile/"


def test_login_does_not_redirect_to_another_site(cast: Cast, client: Client) -> None:
    response = _sign_in(client, "manager", "manager-secret-9", next="https://evil.example/")
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize("target", ["http://[", "//evil.example/", "/\\\\evil.example/"])
def test_login_with_a_malformed_next_redirects_to_the_home_page(
    cast: Cast, client: Client, target: str
) -> None:
    response = _sign_in(client, "manager", "manager-secret-9", next=target)
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize(
    ("number", "password"), [("manager", "mistaken-1"), ("nobody", "mistaken-1")]
)
def test_login_with_a_wrong_password_or_number_gets_the_same_message(
    cast: Cast, client: Client, number: str, password: str
) -> None:
    response = _sign_in(client, number, password)
    page = response.content.decode()
    assert response.status_code == 200
    assert 'role="alert"' in page
    assert "工号或密码不对。" in page or "The employee number or the password is wrong." in page
    assert f'value="{number}"' in page
    assert password not in page
    assert not _is_signed_in(client)


def test_login_to_a_closed_account_says_so_only_with_the_right_password(
    cast: Cast, client: Client
) -> None:
    cast.manager.is_active = False
    with fixture_changes():
        cast.manager.save()
    message = "This account is closed. Ask your division&#x27;s administrator."
    client.post("/language/", {"language": "en"})
    assert message in _sign_in(client, "manager", "manager-secret-9").content.decode()
    assert message not in _sign_in(client, "manager", "wrong").content.decode()
    assert not _is_signed_in(client)


def test_login_after_five_failed_attempts_is_refused_even_with_the_right_password(
    cast: Cast, client: Client
) -> None:
    client.post("/language/", {"language": "en"})
    for _ in range(5):
        assert "password is wrong" in _sign_in(client, "manager", "wrong").content.decode()
    response = _sign_in(client, "manager", "manager-secret-9")
    assert "Too many failed tries. Wait five minutes" in response.content.decode()
    assert not _is_signed_in(client)
    # Another user at another address can still sign in.
    other_client = Client(REMOTE_ADDR="10.1.2.3")
    _sign_in(other_client, "head", "head-secret-9")
    assert _is_signed_in(other_client)


def test_login_counts_failed_attempts_from_many_addresses_and_hosts_together(cast: Cast) -> None:
    def guess(number: int, password: str) -> HttpResponse:
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        headers = {"Host": f"localhost:{8000 + number}", "Accept-Language": "en"}
        data = {"login": "manager", "password": password}
        return client.post(LOGIN_URL, data, headers=headers)  # type: ignore[return-value]

    for number in range(5):
        assert "password is wrong" in guess(number, "wrong").content.decode()
    assert "Too many failed tries. Wait" in guess(6, "manager-secret-9").content.decode()


def test_login_counts_failed_attempts_in_the_shared_cache(cast: Cast, client: Client) -> None:
    """Every web process must see the same count."""
    for _ in range(5):
        _sign_in(client, "manager", "wrong")
    cache.clear()
    _sign_in(client, "manager", "manager-secret-9")
    assert _is_signed_in(client)


def test_login_allows_sixty_requests_a_minute_from_one_address(cast: Cast, client: Client) -> None:
    client.post("/language/", {"language": "en"})
    statuses = [_sign_in(client, "", "").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert "Too many requests" in _sign_in(client, "", "").content.decode()


def test_login_page_redirects_a_signed_in_user(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    assert client.get(LOGIN_URL)["Location"] == reverse("home")


def test_logout_asks_for_confirmation_and_ends_the_session(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    assert client.get("/logout/").status_code == 200
    assert _is_signed_in(client)
    assert client.post("/logout/")["Location"] == LOGIN_URL
    assert not _is_signed_in(client)


def test_password_change_needs_the_current_password_and_keeps_the_session(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.manager)
    new = "harbour-lantern-42"
    wrong_form = {"oldpassword": "not it", "password1": new, "password2": new}
    page = client.post("/password/", wrong_form).content.decode()
    assert "This is not the current password." in page
    right_form = {**wrong_form, "oldpassword": "manager-secret-9"}
    assert client.post("/password/", right_form)["Location"] == reverse("profile")
    assert "The password was changed." in client.get("/profile/").content.decode()
    cast.manager.refresh_from_db()
    assert cast.manager.check_password(new)


@pytest.mark.parametrize("weak_password", ["short-1", "1234567890123", "password123"])
def test_password_change_to_a_weak_password_is_refused(
    cast: Cast, client: Client, weak_password: str
) -> None:
    client.force_login(cast.manager)
    data = {
        "oldpassword": "manager-secret-9",
        "password1": weak_password,
        "password2": weak_password,
    }
    response = client.post("/password/", data)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    cast.manager.refresh_from_db()
    assert cast.manager.check_password("manager-secret-9")


def test_fragment_without_a_session_answers_401_and_not_the_login_page(
    cast: Cast, client: Client
) -> None:
    response = client.get("/profile/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.content == b""


def test_there_are_no_pages_to_sign_up_or_reset_a_password(client: Client, db: None) -> None:
    for path in ("/signup/", "/accounts/signup/", "/password/reset/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("password", ["manager-01", "MiaManager99"])
def test_password_like_the_number_or_name_of_its_user_is_refused(cast: Cast, password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, cast.manager)
    assert [error.code for error in refused.value.error_list] == ["password_too_similar"]
