"""Administration of staff: typed here, judged by the services, answered beside the field."""

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


def _user(cast: Cast, **values: Any) -> dict[str, Any]:
    return {
        "employee_number": "E100", "name": "Nora New", "unit": cast.lanzhou.pk,
        "role": Role.objects.get(code="account_manager").pk, "manager": "", "phone": "",
        "language": "en", "is_active": "on", "password": "correct-horse-7",
    } | values  # fmt: skip


def _said(response: Any, field: str) -> str:
    return " ".join(response.context["adminform"].form.errors.get(field, []))


def test_account_opened_has_a_password_and_a_history(cast: Cast, admin: Client) -> None:
    response = admin.post(f"{USERS}add/", _user(cast))
    assert response.status_code == HTTPStatus.FOUND, response.context["errors"]
    made = User.objects.get(employee_number="E100")
    assert made.check_password("correct-horse-7")
    (event,) = made.events.all()  # type: ignore[attr-defined]
    told = event.pgh_context.metadata
    assert (told["action"], told["channel"], told["actor"]) == (
        "user.create", "admin", cast.sysadmin.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"password": "short"}, "password", "too short"),
        ({"employee_number": "MANAGER"}, "employee_number", "taken"),
        ({"employee_number": "no spaces"}, "employee_number", "valid"),
        ({"is_service": "on"}, "is_service", "no password"),
        ({"unit": ""}, "unit", "required"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_keeps_what_was_typed(
    cast: Cast, admin: Client, values: dict[str, str], field: str, words: str
) -> None:
    response = admin.post(f"{USERS}add/", _user(cast, **values))
    assert response.status_code == HTTPStatus.OK
    assert words in _said(response, field)
    assert 'value="Nora New"' in response.content.decode()
    assert not User.objects.filter(name="Nora New").exists()


def test_password_left_empty_stays(cast: Cast, admin: Client) -> None:
    user = cast.manager
    values = _user(cast, employee_number="manager", name="Mia Married", password="")
    response = admin.post(f"{USERS}{user.pk}/change/", values)
    assert response.status_code == HTTPStatus.FOUND
    user.refresh_from_db()
    assert user.name == "Mia Married"
    assert user.check_password("manager-secret-9")


def test_service_account_is_opened_without_a_password(cast: Cast, admin: Client) -> None:
    admin.post(f"{USERS}add/", _user(cast, is_service="on", password=""))
    assert not User.objects.get(employee_number="E100").has_usable_password()


def test_somebody_who_left_is_closed_and_out_at_once(
    cast: Cast, admin: Client, login: Login
) -> None:
    browser = login(cast.manager)
    values = _user(cast, employee_number="manager", name="Mia Manager", password="")
    del values["is_active"]
    admin.post(f"{USERS}{cast.manager.pk}/change/", values)
    assert browser.get(reverse("profile")).status_code == HTTPStatus.FOUND


def test_nobody_closes_their_own_account_or_gives_away_the_way_back(
    cast: Cast, admin: Client
) -> None:
    me = cast.sysadmin
    values = _user(cast, employee_number="sysadmin", unit=me.unit_id, role=me.role_id, password="")
    closed = values.copy()
    del closed["is_active"]
    assert "own account" in _said(admin.post(f"{USERS}{me.pk}/change/", closed), "is_active")
    weaker = values | {"role": cast.manager.role_id}
    assert "undo it" in _said(admin.post(f"{USERS}{me.pk}/change/", weaker), "role")
    me.refresh_from_db()
    assert (me.is_active, me.role.code) == (True, "system_administrator")


def test_unit_is_moved_with_its_subtree_and_never_below_itself(cast: Cast, admin: Client) -> None:
    url = f"/admin/accounts/orgunit/{cast.gansu.pk}/change/"
    values = {"code": "GS", "name_zh": "甘肃省公司", "name_en": "Gs", "kind": "province"}
    refused = admin.post(url, values | {"parent": cast.lanzhou.pk})
    assert "below itself" in _said(refused, "parent")
    assert admin.post(url, values | {"parent": cast.hunan.pk}).status_code == HTTPStatus.FOUND
    lanzhou = OrgUnit.objects.get(pk=cast.lanzhou.pk)
    assert str(lanzhou.path).startswith(f"{cast.hunan.path}.{cast.gansu.pk}.")


def test_units_stand_in_the_order_of_the_tree(cast: Cast, admin: Client) -> None:
    page = admin.get("/admin/accounts/orgunit/").content.decode()
    names = re.findall(r">(\u2003*)(Gs|Gslz|Gsts|Hn|Hncs)<", page)
    assert [(len(deep), name) for deep, name in names] == [
        (1, "Gs"), (2, "Gslz"), (2, "Gsts"), (1, "Hn"), (2, "Hncs"),
    ]  # fmt: skip


def test_role_takes_permissions_as_ticked_boxes(cast: Cast, admin: Client) -> None:
    role = Role.objects.get(code="auditor")
    values = {"code": "auditor", "name_zh": "审计", "name_en": "Auditor", "access_level": "all",
              "permissions": ["customer.view", "audit.view"]}  # fmt: skip
    admin.post(f"/admin/accounts/role/{role.pk}/change/", values)
    role.refresh_from_db()
    assert role.permissions == ["customer.view", "audit.view"]


def test_nobody_takes_the_way_back_out_of_their_own_role(cast: Cast, admin: Client) -> None:
    role = cast.sysadmin.role
    values = {"code": role.code, "name_zh": role.name_zh, "name_en": role.name_en,
              "access_level": "all",              "permissions": ["customer.view"]}  # fmt: skip
    response = admin.post(f"/admin/accounts/role/{role.pk}/change/", values)
    assert "undo it" in _said(response, "permissions")


def test_key_issued_is_shown_once_opens_the_api_and_is_revoked(cast: Cast, admin: Client) -> None:
    keys = "/admin/accounts/apikey/"
    response = admin.post(
        f"{keys}add/", {"user": cast.division_admin.pk, "name": "ERP", "days": "30"}
    )
    assert response.status_code == HTTPStatus.OK
    found = re.search(r'id="key-text">([0-9a-f]{64})<', response.content.decode())
    assert found is not None
    assert "no-store" in response["Cache-Control"]
    client = KeyClient(found[1])
    assert client.get("/api/v1/me/").json()["employee_number"] == "divadmin"
    key = ApiKey.objects.get()
    assert found[1] not in admin.get(f"{keys}{key.pk}/change/").content.decode()
    admin.post(f"{keys}{key.pk}/delete/", {"post": "yes"})
    assert client.get("/api/v1/me/").status_code == HTTPStatus.UNAUTHORIZED


def test_key_with_an_unfit_term_is_refused_beside_it(cast: Cast, admin: Client) -> None:
    values = {"user": cast.division_admin.pk, "name": "ERP", "days": "9999"}
    response = admin.post("/admin/accounts/apikey/add/", values)
    assert "730" in _said(response, "days")
    assert not ApiKey.objects.exists()


def _as_opened(admin: Client, url: str) -> dict[str, object]:
    """Return what the browser would send back unchanged."""
    form = admin.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def test_form_opened_before_somebody_closed_the_account_does_not_reopen_it(
    cast: Cast, admin: Client
) -> None:
    url = f"{USERS}{cast.manager.pk}/change/"
    values = _as_opened(admin, url)
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    refused = admin.post(url, values | {"phone": "13800000000"})
    assert "Somebody changed this record" in _said(refused, "__all__")
    cast.manager.refresh_from_db()
    assert (cast.manager.is_active, cast.manager.phone) == (False, "")
    again = _as_opened(admin, url) | {"phone": "13800000000"}
    again.pop("is_active")
    assert admin.post(url, again).status_code == HTTPStatus.FOUND
    cast.manager.refresh_from_db()
    assert (cast.manager.is_active, cast.manager.phone) == (False, "13800000000")


@pytest.mark.parametrize("page", ["orgunit", "role"])
def test_unit_and_role_opened_before_a_change_are_not_set_back(
    cast: Cast, admin: Client, page: str
) -> None:
    record: OrgUnit | Role = cast.lanzhou if page == "orgunit" else cast.manager.role
    url = f"/admin/accounts/{page}/{record.pk}/change/"
    values = _as_opened(admin, url)
    with fixture_changes():
        type(record)._default_manager.filter(pk=record.pk).update(name_en="Renamed")
    refused = admin.post(url, values | {"name_zh": "另名"})
    assert "Somebody changed this record" in _said(refused, "__all__")
    record.refresh_from_db()
    assert record.name_en == "Renamed"
