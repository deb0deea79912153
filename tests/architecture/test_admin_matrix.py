"""The permission matrix of the administration, requested by every role.

An ``AdminRow`` is one URL; an ``AdminModel`` stands for all URLs of a model, which ``_cells``
derives from it. See ``tests/permission_matrix.py``.
"""

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
    MatrixKey,
    find_addresses,
    missing_from_matrix,
    rows_without_address,
    unrestricted_admins,
)
from tests.architecture.matrix import ADMIN_MODELS, ADMIN_ROWS
from tests.permission_matrix import (
    ADMIN_ROLES,
    ALL,
    COMPANY_WIDE,
    ROLES,
    AdminModel,
    AdminRow,
    World,
    make_world,
)


@dataclass(frozen=True)
class Cell:
    """One URL and method of a model's pages, and the letters of the roles that get ``status``.

    ``page`` is ``changelist``, ``add``, ``change``, ``delete``, ``history``, or ``redirect`` for a
    record's URL without a page, which redirects to its change page.
    """

    page: str
    method: str
    url: str
    roles: str
    is_in_other_province: bool = False
    status: int = HTTPStatus.OK

    def expected_status(self, letter: str) -> int:
        """Return the status for the role with this letter."""
        if letter not in ADMIN_ROLES or self.page == "redirect":
            return HTTPStatus.FOUND
        if letter not in self.roles:
            return HTTPStatus.FORBIDDEN
        if self.is_in_other_province and letter not in COMPANY_WIDE:
            return HTTPStatus.NOT_FOUND
        return self.status


def _url(row: AdminModel, page: str, *args: object) -> str:
    opts = row.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def _cells(row: AdminModel, world: World) -> Iterator[Cell]:
    """Yield a cell for every URL and method of the model's pages."""
    for method in ("get", "post"):
        yield Cell("changelist", method, _url(row, "changelist"), row.see)
        yield Cell("add", method, _url(row, "add"), row.add)
    records = [(row.own_record(world), False)]
    if row.other_record is not None:
        records.append((row.other_record(world), True))
    for record, in_other_province in records:
        change = _url(row, "change", record.pk)
        delete = _url(row, "delete", record.pk)
        history = _url(row, "history", record.pk)
        history_status = HTTPStatus.OK if row.history else HTTPStatus.NOT_FOUND
        yield Cell("change", "get", change, row.see, in_other_province)
        yield Cell("change", "post", change, row.change, in_other_province)
        for method in ("get", "post"):
            yield Cell("delete", method, delete, row.delete, in_other_province)
            yield Cell("history", method, history, row.see, in_other_province, history_status)
        redirect = change.removesuffix("change/")
        for method in METHODS:
            yield Cell("redirect", method, redirect, row.see, in_other_province)


def _request_status(client: Client, method: str, url: str) -> int:
    """Send a request without data, roll back what it wrote, and return the status."""
    with transaction.atomic():
        status = int(getattr(client, method)(url).status_code)
        transaction.set_rollback(True)
    return status


@pytest.mark.django_db
@pytest.mark.parametrize("row", ADMIN_MODELS, ids=lambda row: row.model.__name__)
def test_each_role_gets_the_model_pages_the_matrix_says(row: AdminModel) -> None:
    world = make_world()
    users = world.cast.by_role()
    cells = list(_cells(row, world))
    wrong = []
    for letter in ALL:
        client = Client()
        client.force_login(users[ROLES[letter]])
        for cell in cells:
            status = _request_status(client, cell.method, cell.url)
            expected = cell.expected_status(letter)
            if status != expected:
                wrong.append(f"{ROLES[letter]} {cell}: {status}, not {expected}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ADMIN_ROWS, ids=lambda row: row.label)
def test_each_role_gets_the_other_urls_the_matrix_says(row: AdminRow) -> None:
    world = make_world()
    users = world.cast.by_role()
    # The name of the row of the catch-all pattern is not a URL name but the pattern itself.
    is_url_name = re.fullmatch(r"[\w:]+", row.name)
    url = reverse(row.name, args=row.arguments(world)) if is_url_name else "/admin/nowhere/"
    statuses = {}
    for letter in ALL:
        client = Client()
        client.force_login(users[ROLES[letter]])
        statuses[letter] = _request_status(client, row.method, url + row.query)
    assert statuses == {
        letter: row.expected_status(letter, in_other_province=False) for letter in ALL
    }


def _admin_addresses() -> list[Address]:
    prefixes = (f"{ADMIN}:", f"{ADMIN}/")  # of a URL name, and of a route without a name
    return [
        address
        for address in find_addresses(get_resolver().url_patterns)
        if address.name.startswith(prefixes)
    ]


def _matrix_keys() -> set[MatrixKey]:
    """Return the keys of all addresses that the rows and models of the matrix stand for."""
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


def test_every_autocomplete_field_of_the_administration_is_in_the_matrix() -> None:
    autocomplete_queries = {
        f"?app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
        for model, page in admin.site._registry.items()
        for name in page.autocomplete_fields
    }
    rows = {row.query for row in ADMIN_ROWS if row.name == "admin:autocomplete" and row.query}
    assert rows == autocomplete_queries


def test_shadowed_url_resolves_to_the_url_that_shadows_it() -> None:
    for name, shadowing_name in SHADOWED_BY.items():
        args = [1, 1] if name == "admin:view_on_site" else []
        assert resolve(reverse(name, args=args)).view_name == shadowing_name


def test_every_admin_page_is_a_service_model_admin_without_scoped_inlines() -> None:
    assert unrestricted_admins(admin.site) == []


@pytest.mark.django_db
def test_autocomplete_lists_only_records_the_user_sees() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.division_admin)
    query = "?app_label=crm&model_name=customer&field_name=parent"
    results = client.get(reverse("admin:autocomplete") + query).json()["results"]
    assert [entry["id"] for entry in results] == [str(world.own_customer.pk)]


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
    ("letter", "restricted_models"), [("S", {"User", "Grade", "ScoringRun"}), ("D", set())]
)
def test_index_lists_the_models_the_user_may_use(letter: str, restricted_models: set[str]) -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.by_role()[ROLES[letter]])
    response = client.get("/admin/")
    listed = {
        entry["object_name"] for app in response.context["app_list"] for entry in app["models"]
    }
    assert {"Customer", "ImportBatch"} <= listed
    assert listed & {"User", "Grade", "ScoringRun"} == restricted_models
