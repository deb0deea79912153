"""Administration of staff: saving goes through the services, whose errors show at the fields."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, OrgUnit, Role, User
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import KeyClient
from tests.history import fixture_changes

USERS = "/admin/accounts/user/"


@pytest.fixture
def admin(cast: Cast, login: Login) -> Client:
    return login(cast.sysadmin)


def _user_form(cast: Cast, **values: Any) -> dict[str, Any]:
    return {
        "employee_number": "E100", "name": "Nora New", "unit": cast.lanzhou.pk,
        "role": Role.objects.get(code="account_manager").pk, "manager": "", "phone": "",
        "language": "en", "is_active": "on", "password": "correct-horse-7",
    } | values  # fmt: skip


def _errors_of(response: Any, field: str) -> str:
    return " ".join(response.context["adminform"].form.errors.get(field, []))


def test_created_user_has_a_password_and_a_history(cast: Cast, admin: Client) -> None:
    response = admin.post(f"{USERS}add/", _user_form(cast))
    assert response.status_code == HTTPStatus.FOUND, response.context["errors"]
    user = User.objects.get(employee_number="E100")
    assert user.check_password("correct-horse-7")
    (event,) = user.events.all()  # type: ignore[attr-defined]
    context = event.pgh_context.metadata
    assert (context["action"], context["channel"], context["actor"]) == (
        "user.create", "admin", cast.sysadmin.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"password": "short"}, "password", "too short"),
        ({"employee_number": "MANAGER"}, "employee_number", "taken"),
        ({"employee_number": "no spaces"}, "employee_number", "valid"),
        ({"is_service": "on"}, "is_service", "no password"),
        ({"unit": ""}, "unit", "required"),
    ],
)
def test_refused_value_shows_its_error_at_the_field_and_keeps_the_typed_values(
    cast: Cast, admin: Client, values: dict[str, str], field: str, message: str
) -> None:
    response = admin.post(f"{USERS}add/", _user_form(cast, **values))
    assert response.status_code == HTTPStatus.OK
    assert message in _errors_of(response, field)
    assert 'value="Nora New"' in response.content.decode()
    assert not User.objects.filter(name="Nora New").exists()


def test_empty_password_leaves_the_password_unchanged(cast: Cast, admin: Client) -> None:
    user = cast.manager
    values = _user_form(cast, employee_number="manager", name="Mia Married", password="")
    response = admin.post(f"{USERS}{user.pk}/change/", values)
    assert response.status_code == HTTPStatus.FOUND
    user.refresh_from_db()
    assert user.name == "Mia Married"
    assert user.check_password("manager-secret-9")


def test_service_account_is_created_without_a_password(cast: Cast, admin: Client) -> None:
    admin.post(f"{USERS}add/", _user_form(cast, is_service="on", password=""))
    assert not User.objects.get(employee_number="E100").has_usable_password()


def test_user_made_inactive_is_signed_out_at_once(cast: Cast, admin: Client, login: Login) -> None:
    client = login(cast.manager)
    values = _user_form(cast, employee_number="manager", name="Mia Manager", password="")
    del values["is_active"]
    admin.post(f"{USERS}{cast.manager.pk}/change/", values)
    assert client.get(reverse("profile")).status_code == HTTPStatus.FOUND


def test_user_cannot_deactivate_or_demote_themselves(cast: Cast, admin: Client) -> None:
    user = cast.sysadmin
    values = _user_form(
        cast, employee_number="sysadmin", unit=user.unit_id, role=user.role_id, password=""
    )
    inactive = values.copy()
    del inactive["is_active"]
    assert "own account" in _errors_of(
        admin.post(f"{USERS}{user.pk}/change/", inactive), "is_active"
    )
    demoted = values | {"role": cast.manager.role_id}
    assert "undo it" in _errors_of(admin.post(f"{USERS}{user.pk}/change/", demoted), "role")
    user.refresh_from_db()
    assert (user.is_active, user.role.code) == (True, "system_administrator")


def test_unit_is_moved_with_its_subtree_and_never_below_itself(cast: Cast, admin: Client) -> None:
    url = f"/admin/accounts/orgunit/{cast.gansu.pk}/change/"
    values = {"code": "GS", "name_zh": "甘肃省公司", "name_en": "Gs", "kind": "province"}
    response = admin.post(url, values | {"parent": cast.lanzhou.pk})
    assert "below itself" in _errors_of(response, "parent")
    assert admin.post(url, values | {"parent": cast.hunan.pk}).status_code == HTTPStatus.FOUND
    lanzhou = OrgUnit.objects.get(pk=cast.lanzhou.pk)
    assert str(lanzhou.path).startswith(f"{cast.hunan.path}.{cast.gansu.pk}.")


def test_units_are_listed_in_the_order_of_the_tree(cast: Cast, admin: Client) -> None:
    page = admin.get("/admin/accounts/orgunit/").content.decode()
    names = re.findall(r">(\u2003*)(Gs|Gslz|Gsts|Hn|Hncs)<", page)
    assert [(len(indent), name) for indent, name in names] == [
        (1, "Gs"), (2, "Gslz"), (2, "Gsts"), (1, "Hn"), (2, "Hncs"),
    ]  # fmt: skip


def test_role_form_saves_the_ticked_permissions(cast: Cast, admin: Client) -> None:
    role = Role.objects.get(code="auditor")
    values = {"code": "auditor", "name_zh": "审计", "name_en": "Auditor", "access_level": "all",
              "permissions": ["customer.view", "audit.view"]}  # fmt: skip
    admin.post(f"/admin/accounts/role/{role.pk}/change/", values)
    role.refresh_from_db()
    assert role.permissions == ["customer.view", "audit.view"]


def test_user_cannot_remove_staff_permissions_from_their_own_role(
    cast: Cast, admin: Client
) -> None:
    role = cast.sysadmin.role
    values = {"code": role.code, "name_zh": role.name_zh, "name_en": role.name_en,
              "access_level": "all", "permissions": ["customer.view"]}  # fmt: skip
    response = admin.post(f"/admin/accounts/role/{role.pk}/change/", values)
    assert "undo it" in _errors_of(response, "permissions")


def test_issued_key_is_shown_once_works_and_can_be_revoked(cast: Cast, admin: Client) -> None:
    keys = "/admin/accounts/apikey/"
    response = admin.post(
        f"{keys}add/", {"user": cast.division_admin.pk, "name": "ERP", "days": "30"}
    )
    assert response.status_code == HTTPStatus.OK
    key_text = re.search(r'id="key-text">([0-9a-f]{64})<', response.content.decode())
    assert key_text is not None
    assert "no-store" in response["Cache-Control"]
    client = KeyClient(key_text[1])
    assert client.get("/api/v1/me/").json()["employee_number"] == "divadmin"
    key = ApiKey.objects.get()
    assert key_text[1] not in admin.get(f"{keys}{key.pk}/change/").content.decode()
    admin.post(f"{keys}{key.pk}/delete/", {"post": "yes"})
    assert client.get("/api/v1/me/").status_code == HTTPStatus.UNAUTHORIZED


def test_key_with_an_invalid_term_is_refused_at_the_field(cast: Cast, admin: Client) -> None:
    values = {"user": cast.division_admin.pk, "name": "ERP", "days": "9999"}
    response = admin.post("/admin/accounts/apikey/add/", values)
    assert "730" in _errors_of(response, "days")
    assert not ApiKey.objects.exists()


def _loaded_values(admin: Client, url: str) -> dict[str, object]:
    """Return the values of the loaded form, as a browser would send them unchanged."""
    form = admin.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def test_form_loaded_before_the_account_was_closed_does_not_reopen_it(
    cast: Cast, admin: Client
) -> None:
    url = f"{USERS}{cast.manager.pk}/change/"
    values = _loaded_values(admin, url)
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    response = admin.post(url, values | {"phone": "13800000000"})
    assert "Somebody changed this record" in _errors_of(response, "__all__")
    cast.manager.refresh_from_db()
    assert (cast.manager.is_active, cast.manager.phone) == (False, "")
    reloaded = _loaded_values(admin, url) | {"phone": "13800000000"}
    reloaded.pop("is_active")
    assert admin.post(url, reloaded).status_code == HTTPStatus.FOUND
    cast.manager.refresh_from_db()
    assert (cast.manager.is_active, cast.manager.phone) == (False, "13800000000")


@pytest.mark.parametrize("page", ["orgunit", "role"])
def test_unit_and_role_loaded_before_a_change_do_not_undo_it(
    cast: Cast, admin: Client, page: str
) -> None:
    record: OrgUnit | Role = cast.lanzhou if page == "orgunit" else cast.manager.role
    url = f"/admin/accounts/{page}/{record.pk}/change/"
    values = _loaded_values(admin, url)
    with fixture_changes():
        type(record)._default_manager.filter(pk=record.pk).update(name_en="Renamed")
    response = admin.post(url, values | {"name_zh": "另名"})
    assert "Somebody changed this record" in _errors_of(response, "__all__")
    record.refresh_from_db()
    assert record.name_en == "Renamed"
