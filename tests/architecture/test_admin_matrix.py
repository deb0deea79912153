"""The permission matrix of the administration: the status of every URL for every role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from tests.architecture.checks.addresses import (
    ADMIN,
    METHODS,
    SHADOWED_BY,
    Address,
    Key,
    addresses,
    missing_from_matrix,
    rows_without_address,
    unrestricted_admins,
)
from tests.architecture.matrix import ADMIN_MODELS, ADMIN_ROWS
from tests.permission_matrix import (
    ALL,
    COMPANY_WIDE,
    ENTER,
    ROLES,
    AdminModel,
    AdminRow,
    World,
    make_world,
)


@dataclass(frozen=True)
class Cell:
    """One URL and method of a model's pages, and the roles that get ``status``."""

    page: str
    method: str
    url: str
    roles: str
    is_elsewhere: bool = False
    status: int = HTTPStatus.OK

    def expected(self, letter: str) -> int:
        """Return the status a role gets; ``redirect`` always redirects to the change page."""
        if letter not in ENTER or self.page == "redirect":
            return HTTPStatus.FOUND
        if letter not in self.roles:
            return HTTPStatus.FORBIDDEN
        if self.is_elsewhere and letter not in COMPANY_WIDE:
            return HTTPStatus.NOT_FOUND
        return self.status


def _url(row: AdminModel, page: str, *args: object) -> str:
    opts = row.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def _cells(row: AdminModel, world: World) -> Iterator[Cell]:
    for method in ("get", "post"):
        yield Cell("changelist", method, _url(row, "changelist"), row.see)
        yield Cell("add", method, _url(row, "add"), row.add)
    records = [(row.own(world), False)]
    if row.other is not None:
        records.append((row.other(world), True))
    for record, elsewhere in records:
        change = _url(row, "change", record.pk)
        delete = _url(row, "delete", record.pk)
        history = _url(row, "history", record.pk)
        history_status = HTTPStatus.OK if row.history else HTTPStatus.NOT_FOUND
        yield Cell("change", "get", change, row.see, elsewhere)
        yield Cell("change", "post", change, row.change, elsewhere)
        for method in ("get", "post"):
            yield Cell("delete", method, delete, row.delete, elsewhere)
            yield Cell("history", method, history, row.see, elsewhere, history_status)
        for method in METHODS:
            yield Cell("redirect", method, change.removesuffix("change/"), row.see, elsewhere)


def _request_status(client: Client, method: str, url: str) -> int:
    with transaction.atomic():
        status = int(getattr(client, method)(url).status_code)
        transaction.set_rollback(True)
    return status


@pytest.mark.django_db
@pytest.mark.parametrize("row", ADMIN_MODELS, ids=lambda row: row.model.__name__)
def test_each_role_gets_the_pages_the_matrix_says(row: AdminModel) -> None:
    world = make_world()
    people = world.cast.by_role()
    cells = list(_cells(row, world))
    wrong = []
    for letter in ALL:
        client = Client()
        client.force_login(people[ROLES[letter]])
        for cell in cells:
            status, expected = _request_status(client, cell.method, cell.url), cell.expected(letter)
            if status != expected:
                wrong.append(f"{ROLES[letter]} {cell}: {status}, not {expected}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ADMIN_ROWS, ids=lambda row: row.label)
def test_each_role_gets_what_the_matrix_says(row: AdminRow) -> None:
    world = make_world()
    people = world.cast.by_role()
    is_url_name = re.fullmatch(r"[\w:]+", row.name)
    url = reverse(row.name, args=row.arguments(world)) if is_url_name else "/admin/nowhere/"
    statuses = {}
    for letter in ALL:
        client = Client()
        client.force_login(people[ROLES[letter]])
        statuses[letter] = _request_status(client, row.method, url + row.query)
    assert statuses == {letter: row.expected(letter, elsewhere=False) for letter in ALL}


def _admin_addresses() -> list[Address]:
    prefix = (f"{ADMIN}:", f"{ADMIN}/")
    return [one for one in addresses(get_resolver().url_patterns) if one.name.startswith(prefix)]


def _matrix_keys() -> set[Key]:
    keys = {(row.name, row.method) for row in ADMIN_ROWS}
    for row in ADMIN_MODELS:
        opts = row.model._meta
        for page in ("changelist", "add", "change", "delete", "history"):
            name = f"admin:{opts.app_label}_{opts.model_name}_{page}"
            keys |= {(name, "get"), (name, "post")}
        redirect_route = f"admin/{opts.app_label}/{opts.model_name}/<path:object_id>/"
        keys |= {(redirect_route, method) for method in METHODS}
    return keys


def test_every_address_and_method_of_the_administration_is_in_the_matrix() -> None:
    assert missing_from_matrix(_admin_addresses(), _matrix_keys(), ()) == []
    assert rows_without_address(_admin_addresses(), _matrix_keys()) == []
    assert {row.model for row in ADMIN_MODELS} == set(admin.site._registry)


def test_every_picker_of_the_administration_is_in_the_matrix() -> None:
    pickers = {
        f"?app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
        for model, page in admin.site._registry.items()
        for name in page.autocomplete_fields
    }
    rows = {row.query for row in ADMIN_ROWS if row.name == "admin:autocomplete" and row.query}
    assert rows == pickers


def test_shadowed_url_resolves_to_the_url_before_it() -> None:
    for name, before in SHADOWED_BY.items():
        args = [1, 1] if name == "admin:view_on_site" else []
        assert resolve(reverse(name, args=args)).view_name == before


def test_every_admin_page_is_a_service_model_admin_without_scoped_inlines() -> None:
    assert unrestricted_admins(admin.site) == []


@pytest.mark.django_db
def test_picker_lists_only_records_the_user_sees() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.division_admin)
    query = "?app_label=crm&model_name=customer&field_name=parent"
    results = client.get(reverse("admin:autocomplete") + query).json()["results"]
    assert [entry["id"] for entry in results] == [str(world.own.pk)]


@pytest.mark.django_db
def test_anonymous_users_are_redirected_to_the_login_page() -> None:
    make_world()
    response = Client().get("/admin/crm/customer/", follow=True)
    assert [url for url, _status in response.redirect_chain][-1].startswith("/login/?next=")


@pytest.mark.django_db
def test_user_without_the_permission_gets_403_instead_of_a_redirect_loop() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.manager)
    response = client.get("/admin/", follow=True)
    assert response.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.django_db
def test_content_security_policy_is_relaxed_in_the_administration_only() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.sysadmin)
    admin_policy = client.get("/admin/")["Content-Security-Policy"]
    page_policy = client.get(reverse("profile"))["Content-Security-Policy"]
    assert "'unsafe-eval'" in admin_policy
    assert "default-src 'none'" in admin_policy
    assert "script-src 'self' 'unsafe-eval';" in admin_policy + ";"
    assert "unsafe" not in page_policy


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("letter", "names"), [("S", {"User", "Grade", "ScoringRun"}), ("D", set())]
)
def test_index_lists_the_models_the_user_may_use(letter: str, names: set[str]) -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.by_role()[ROLES[letter]])
    response = client.get("/admin/")
    listed = {
        entry["object_name"] for app in response.context["app_list"] for entry in app["models"]
    }
    assert {"Customer", "ImportBatch"} <= listed
    assert listed & {"User", "Grade", "ScoringRun"} == names
