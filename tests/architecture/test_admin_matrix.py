"""Every page of the administration × every role: who gets it, who is told no.

A row says what seeing and changing a record take; every other role gets 403. ``other`` is a record
of another province: who sees only a part of the company gets 404 for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, OrgUnit, Role, User
from core.models import CustomField, CustomFieldKind
from core.services.custom_field import save_custom_field
from crm.models import BillingSystem, Category, Customer, Grade, ImportBatch, Industry, Source
from segmentation.models import RunState, ScoringRun
from tests.architecture.matrix import ALL, COMPANY_WIDE, ROLES, World, make_world
from tests.crm.factories import make_batch
from tests.history import fixture_changes

Find = Callable[[World], Model]


@dataclass(frozen=True)
class Row:
    """A model's pages: the roles that may see, add, change and delete, by letter."""

    model: type[Model]
    own: Find
    see: str
    add: str = ""
    change: str = ""
    delete: str = ""
    history: bool = True
    other: Find | None = None


def _key(world: World) -> ApiKey:
    with fixture_changes():
        key, _text = ApiKey.objects.issue(
            user=world.cast.manager, name="ERP", expiry=timezone.now()
        )
    return key


def _run(world: World) -> ScoringRun:
    return ScoringRun.objects.create(
        as_of=date(2026, 10, 1), settings={}, state=RunState.FAILED, channel="test",
        requested_by=world.cast.sysadmin, finished_at=timezone.now(),
    )  # fmt: skip


def _spare(model: type[Model]) -> Find:
    def make(world: World) -> Model:
        with fixture_changes():
            spare: Model = model._default_manager.create(code="Z9", name_zh="备用", name_en="Spare")
        return spare

    return make


def _custom_field(world: World) -> CustomField:
    return save_custom_field(
        actor=world.cast.sysadmin, record_type="customer", key="lines", label_zh="专线数",
        kind=CustomFieldKind.NUMBER,
    )  # fmt: skip


def _first(model: type[Model]) -> Find:
    return lambda world: model._default_manager.all()[0]


ROWS = [
    Row(User, lambda w: w.cast.manager, see="S", add="S", change="S"),
    Row(OrgUnit, lambda w: w.cast.lanzhou, see="S", add="S", change="S"),
    Row(Role, _first(Role), see="S", add="S", change="S"),
    Row(ApiKey, _key, see="S", add="S", delete="S", history=False),
    Row(Industry, _first(Industry), see="S", add="S", change="S", delete="S"),
    Row(Source, _spare(Source), see="S", add="S", change="S", delete="S"),
    Row(Category, _spare(Category), see="S", add="S", change="S", delete="S"),
    Row(Grade, _spare(Grade), see="S", add="S", change="S", delete="S"),
    Row(BillingSystem, _spare(BillingSystem), see="S", add="S", change="S", delete="S"),
    Row(Customer, lambda w: w.own, see="DS", add="D", change="D", other=lambda w: w.other),
    Row(
        ImportBatch,
        lambda w: w.batch,
        see="DS",
        history=False,
        other=lambda w: make_batch(w.cast.other_head),
    ),
    Row(CustomField, _custom_field, see="S", add="S", change="S"),
    Row(ScoringRun, _run, see="S", add="S", history=False),
]
ENTER = "DS"


def _address(row: Row, page: str, *args: object) -> str:
    opts = row.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def _wanted(letter: str, may: str, *, elsewhere: bool = False) -> int:
    if letter not in ENTER:
        return HTTPStatus.FOUND
    if letter not in may:
        return HTTPStatus.FORBIDDEN
    if elsewhere and letter not in COMPANY_WIDE:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.OK


Cell = tuple[str, str, str, bool]


def _cells(row: Row, world: World) -> Iterator[Cell]:
    yield "list", _address(row, "changelist"), row.see, False
    yield "add", _address(row, "add"), row.add, False
    records = [(row.own(world), False)]
    if row.other is not None:
        records.append((row.other(world), True))
    for record, elsewhere in records:
        yield "change", _address(row, "change", record.pk), row.see, elsewhere
        yield "delete", _address(row, "delete", record.pk), row.delete, elsewhere
        if row.history:
            yield "history", _address(row, "history", record.pk), row.see, elsewhere


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.model.__name__)
def test_each_role_gets_the_pages_the_matrix_says(row: Row) -> None:
    world = make_world()
    people = world.cast.by_role()
    cells = list(_cells(row, world))
    wrong = []
    for letter in ALL:
        client = Client()
        client.force_login(people[ROLES[letter]])
        for page, url, may, elsewhere in cells:
            status = client.get(url).status_code
            wanted = _wanted(letter, may, elsewhere=elsewhere)
            if status != wanted:
                wrong.append(
                    f"{ROLES[letter]} {page}{' elsewhere' * elsewhere}: {status}, not {wanted}"
                )
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.model.__name__)
def test_posting_a_change_takes_the_right_to_change(row: Row) -> None:
    world = make_world()
    people = world.cast.by_role()
    url = _address(row, "change", row.own(world).pk)
    for letter in set(ENTER) - set(row.change):
        client = Client()
        client.force_login(people[ROLES[letter]])
        assert client.post(url, {}).status_code == HTTPStatus.FORBIDDEN, letter


def test_every_model_of_the_administration_is_in_the_matrix() -> None:
    assert {row.model for row in ROWS} == set(admin.site._registry)


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
