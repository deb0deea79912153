"""The profile page."""

from django.test import Client
from django.utils.html import escape

from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from tests.cast import Cast
from tests.conftest import Login

PROFILE_URL = "/profile/"


def test_profile_shows_the_users_account(cast: Cast, login: Login) -> None:
    page = login(cast.manager).get(PROFILE_URL).content.decode()
    for text in (
        "Mia Manager",
        "manager",
        "Account manager",
        "Gslz",
        "Create and edit customers",
        DataAccessLevel.OWN.label,
    ):
        assert escape(str(text)) in page
    assert str(Permission.STAFF_MANAGE.label) not in page


def test_profile_of_an_anonymous_user_redirects_to_the_login_page(client: Client, db: None) -> None:
    assert client.get(PROFILE_URL)["Location"] == "/login/?next=/profile/"


def test_saved_profile_redirects_and_confirms_once(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    response = client.post(PROFILE_URL, {"language": "en", "phone": "13912345678"})
    assert (response.status_code, response["Location"]) == (302, PROFILE_URL)
    page = client.get(PROFILE_URL).content.decode()
    assert "<p>Saved</p>" in page
    assert 'value="13912345678"' in page
    assert "<p>Saved</p>" not in client.get(PROFILE_URL).content.decode()


def test_profile_change_is_recorded_with_actor_and_channel(cast: Cast, login: Login) -> None:
    login(cast.manager).post(PROFILE_URL, {"language": "zh-hans", "phone": "1"})
    event = User.pgh_event_model.objects.filter(pgh_obj_id=cast.manager.pk).latest("pgh_id")  # type: ignore[attr-defined]
    assert event.pgh_context.metadata == {
        "actor": cast.manager.pk,
        "action": "profile.update",
        "channel": "browser",
    }


def test_refused_profile_keeps_the_typed_values_and_shows_the_errors(
    cast: Cast, login: Login
) -> None:
    client = login(cast.manager)
    response = client.post(PROFILE_URL, {"language": "fr", "phone": "1" * 31})
    page = response.content.decode()
    assert response.status_code == 422
    assert "1" * 31 in page
    assert page.count('aria-invalid="true"') == 2
    assert 'id="id_phone_error"' in page
    cast.manager.refresh_from_db()
    assert (cast.manager.language, cast.manager.phone) == ("en", "")


def test_profile_ignores_fields_that_users_may_not_change(cast: Cast, login: Login) -> None:
    data = {
        "language": "en",
        "phone": "",
        "role": cast.sysadmin.role.pk,
        "unit": cast.head_office.pk,
        "employee_number": "boss",
        "is_active": "",
    }
    login(cast.manager).post(PROFILE_URL, data)
    cast.manager.refresh_from_db()
    assert cast.manager.role.code == "account_manager"
    assert cast.manager.unit == cast.lanzhou
    assert cast.manager.employee_number == "manager"
    assert cast.manager.is_active
