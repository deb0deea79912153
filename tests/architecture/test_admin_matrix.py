"""Every address of the administration × every role: who gets it, who is told no."""

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
    BEHIND,
    METHODS,
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
    """One page of a model, one method, one record: who gets ``status``."""

    page: str
    method: str
    url: str
    may: str
    elsewhere: bool = False
    status: int = HTTPStatus.OK

    def expected(self, letter: str) -> int:
        """Return the status a role gets. Leading on to the change page is no answer about it."""
        if letter not in ENTER or self.page == "lead_on":
            return HTTPStatus.FOUND
        if letter not in self.may:
            return HTTPStatus.FORBIDDEN
        if self.elsewhere and letter not in COMPANY_WIDE:
            return HTTPStatus.NOT_FOUND
        return self.status


def _address(row: AdminModel, page: str, *args: object) -> str:
    opts = row.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def _cells(row: AdminModel, world: World) -> Iterator[Cell]:
    for method in ("get", "post"):
        yield Cell("changelist", method, _address(row, "changelist"), row.see)
        yield Cell("add", method, _address(row, "add"), row.add)
    records = [(row.own(world), False)]
    if row.other is not None:
        records.append((row.other(world), True))
    for record, elsewhere in records:
        change = _address(row, "change", record.pk)
        delete = _address(row, "delete", record.pk)
        history = _address(row, "history", record.pk)
        told = HTTPStatus.OK if row.history else HTTPStatus.NOT_FOUND
        yield Cell("change", "get", change, row.see, elsewhere)
        yield Cell("change", "post", change, row.change, elsewhere)
        for method in ("get", "post"):
            yield Cell("delete", method, delete, row.delete, elsewhere)
            yield Cell("history", method, history, row.see, elsewhere, told)
        for method in METHODS:
            yield Cell("lead_on", method, change.removesuffix("change/"), row.see, elsewhere)


def _ask(client: Client, method: str, url: str) -> int:
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
            status, wanted = _ask(client, cell.method, cell.url), cell.expected(letter)
            if status != wanted:
                wrong.append(f"{ROLES[letter]} {cell}: {status}, not {wanted}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ADMIN_ROWS, ids=lambda row: row.label)
def test_each_role_gets_what_the_matrix_says(row: AdminRow) -> None:
    world = make_world()
    people = world.cast.by_role()
    named = re.fullmatch(r"[\w:]+", row.name)
    url = reverse(row.name, args=row.arguments(world)) if named else "/admin/nowhere/"
    answers = {}
    for letter in ALL:
        client = Client()
        client.force_login(people[ROLES[letter]])
        answers[letter] = _ask(client, row.method, url + row.query)
    assert answers == {letter: row.expected(letter, elsewhere=False) for letter in ALL}


def _found() -> list[Address]:
    prefix = (f"{ADMIN}:", f"{ADMIN}/")
    return [one for one in addresses(get_resolver().url_patterns) if one.name.startswith(prefix)]


def _keys() -> set[Key]:
    keys = {(row.name, row.method) for row in ADMIN_ROWS}
    for row in ADMIN_MODELS:
        opts = row.model._meta
        for page in ("changelist", "add", "change", "delete", "history"):
            name = f"admin:{opts.app_label}_{opts.model_name}_{page}"
            keys |= {(name, "get"), (name, "post")}
        lead_on = f"admin/{opts.app_label}/{opts.model_name}/<path:object_id>/"
        keys |= {(lead_on, method) for method in METHODS}
    return keys


def test_every_address_and_method_of_the_administration_is_in_the_matrix() -> None:
    assert missing_from_matrix(_found(), _keys(), ()) == []
    assert rows_without_address(_found(), _keys()) == []
    assert {row.model for row in ADMIN_MODELS} == set(admin.site._registry)


def test_every_picker_of_the_administration_is_in_the_matrix() -> None:
    pickers = {
        f"?app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
        for model, page in admin.site._registry.items()
        for name in page.autocomplete_fields
    }
    asked = {row.query for row in ADMIN_ROWS if row.name == "admin:autocomplete" and row.query}
    assert asked == pickers


def test_address_another_one_stands_before_leads_to_that_one() -> None:
    for name, before in BEHIND.items():
        args = [1, 1] if name == "admin:view_on_site" else []
        assert resolve(reverse(name, args=args)).view_name == before


def test_every_page_of_the_administration_reads_and_writes_by_the_rules() -> None:
    assert unrestricted_admins(admin.site) == []


@pytest.mark.django_db
def test_picker_offers_only_what_the_person_sees() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.division_admin)
    query = "?app_label=crm&model_name=customer&field_name=parent"
    found = client.get(reverse("admin:autocomplete") + query).json()["results"]
    assert [entry["id"] for entry in found] == [str(world.own.pk)]


@pytest.mark.django_db
def test_strangers_sign_in_by_the_products_own_login() -> None:
    make_world()
    response = Client().get("/admin/crm/customer/", follow=True)
    assert [url for url, _status in response.redirect_chain][-1].startswith("/login/?next=")


@pytest.mark.django_db
def test_who_may_not_enter_is_told_so_and_not_sent_in_circles() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.manager)
    response = client.get("/admin/", follow=True)
    assert response.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.django_db
def test_policy_is_relaxed_under_admin_only() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.sysadmin)
    inside = client.get("/admin/")["Content-Security-Policy"]
    outside = client.get(reverse("profile"))["Content-Security-Policy"]
    assert "'unsafe-eval'" in inside
    assert "default-src 'none'" in inside
    assert "script-src 'self' 'unsafe-eval';" in inside + ";"
    assert "unsafe" not in outside


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("letter", "names"), [("S", {"User", "Grade", "ScoringRun"}), ("D", set())]
)
def test_entrance_lists_what_the_person_may_use(letter: str, names: set[str]) -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.by_role()[ROLES[letter]])
    response = client.get("/admin/")
    listed = {
        entry["object_name"] for app in response.context["app_list"] for entry in app["models"]
    }
    assert {"Customer", "ImportBatch"} <= listed
    assert listed & {"User", "Grade", "ScoringRun"} == names
