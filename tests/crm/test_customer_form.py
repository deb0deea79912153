"""The customer form: what is asked, refused, kept, and brought together when two people edit."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from crm.models import Customer, Grade
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes

Login = Callable[[User], Client]
NEW = "/customers/new/"


def edit_of(customer: Customer) -> str:
    """Return the form's address."""
    return reverse("customer_edit", args=[customer.pk])


def filled(client: Client, customer: Customer, **changes: object) -> dict[str, object]:
    """Return what the browser would send: the form as it was opened, and what was typed."""
    form = client.get(edit_of(customer)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in (values | changes).items()}


def options(page: Any, field: str) -> set[str]:
    """Return what a select of the form offers."""
    return {str(value) for value, _label in page.context["form"].fields[field].choices}


def test_new_by_a_manager_asks_neither_owner_nor_unit_and_is_theirs(
    cast: Cast, login: Login
) -> None:
    client = login(cast.manager)
    page = client.get(NEW)
    assert not {"owner", "unit", "reason"} & set(page.context["form"].fields)
    assert 'data-draft="customer-new"' in page.content.decode()
    answer = client.post(NEW, {"name": " 华天  科技 ", "code": "K1", "stage": "potential"})
    customer = Customer.objects.get()
    assert (customer.name, customer.owner, customer.unit) == (
        "华天 科技",
        cast.manager,
        cast.lanzhou,
    )
    assert answer["Location"] == reverse("customer", args=[customer.pk])


def test_new_keeps_who_and_by_which_door(cast: Cast, login: Login) -> None:
    login(cast.manager).post(NEW, {"name": "华天", "code": "K1", "stage": "potential"})
    metadata = Customer.objects.values_list("events__pgh_context__metadata", flat=True).get()
    assert metadata == {"actor": cast.manager.pk, "action": "customer.create", "channel": "browser"}


def test_new_with_errors_answers_422_beside_the_fields_and_keeps_what_was_typed(
    cast: Cast, login: Login
) -> None:
    make_customer(cast.changsha, code="TAKEN")
    answer = login(cast.manager).post(NEW, {"name": "", "code": "TAKEN", "stage": "potential"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name"}
    assert 'value="TAKEN"' in answer.content.decode()
    answer = login(cast.manager).post(NEW, {"name": "华天", "code": "TAKEN", "stage": "potential"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"code"}
    assert 'value="华天"' in answer.content.decode()


@pytest.mark.parametrize("who", ["agent", "executive", "auditor", "sysadmin"])
def test_forms_are_refused_to_those_who_may_not_edit(cast: Cast, login: Login, who: str) -> None:
    customer = make_customer(cast.lanzhou)
    client = login(getattr(cast, who))
    for address in (NEW, edit_of(customer)):
        assert client.get(address).status_code == 403
        assert client.post(address, {"name": "x"}).status_code == 403


def test_edit_out_of_scope_is_not_found(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.stranger)
    assert client.get(edit_of(customer)).status_code == 404
    assert client.post(edit_of(customer), {"name": "x"}).status_code == 404


def test_edit_by_a_head_offers_the_people_and_units_of_the_subtree(
    cast: Cast, login: Login
) -> None:
    page = login(cast.head).get(edit_of(make_customer(cast.lanzhou)))
    able = (cast.manager, cast.colleague, cast.head, cast.division_admin)
    assert options(page, "owner") == {"", *(str(user.pk) for user in able)}
    units = (cast.gansu, cast.lanzhou, cast.tianshui)
    assert options(page, "unit") == {str(unit.pk) for unit in units}


def test_edit_by_a_head_leaves_an_owner_of_another_division_in_place(
    cast: Cast, login: Login
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.stranger)
    client = login(cast.head)
    answer = client.post(edit_of(customer), filled(client, customer, name="新名"))
    assert answer.status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.owner) == ("新名", cast.stranger)


@pytest.mark.parametrize("field", ["owner", "unit", "parent"])
def test_edit_with_a_choice_of_another_division_is_refused_at_the_field(
    cast: Cast, login: Login, field: str
) -> None:
    elsewhere = {
        "owner": cast.stranger,
        "unit": cast.changsha,
        "parent": make_customer(cast.changsha, name="湖南秘密集团"),
    }
    customer = make_customer(cast.lanzhou)
    client = login(cast.head)
    sent = filled(client, customer, **{field: elsewhere[field].pk})
    answer = client.post(edit_of(customer), sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert "湖南秘密集团" not in answer.content.decode()


def test_edit_by_a_manager_cannot_smuggle_in_an_owner(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    sent = filled(client, customer, name="新名", owner=cast.colleague.pk)
    assert client.post(edit_of(customer), sent).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.owner) == ("新名", cast.manager)


def test_edit_that_gives_the_customer_out_of_sight_ends_on_the_list(
    cast: Cast, login: Login
) -> None:
    role = cast.manager.role
    role.permissions = [*role.permissions, "customer.reassign"]
    with fixture_changes():
        role.save()
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    answer = client.post(edit_of(customer), filled(client, customer, owner=cast.colleague.pk))
    assert answer["Location"] == reverse("customers")


def test_grade_change_asks_why_and_keeps_it(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    grade = Grade.objects.get(code="A")
    client = login(cast.manager)
    answer = client.post(edit_of(customer), filled(client, customer, grade=grade.pk))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"reason"}
    sent = filled(client, customer, grade=grade.pk, reason="三年大单")
    assert client.post(edit_of(customer), sent).status_code == 302
    contexts = Customer.objects.order_by("-events__pgh_id").values_list(
        "events__pgh_context__metadata", flat=True
    )
    assert contexts[0]["reason"] == "三年大单"


def test_group_out_of_scope_is_neither_named_nor_lost(cast: Cast, login: Login) -> None:
    group = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, owner=cast.manager, parent=group)
    client = login(cast.manager)
    assert "湖南秘密集团" not in client.get(edit_of(customer)).content.decode()
    assert client.post(edit_of(customer), filled(client, customer, name="新")).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.parent) == ("新", group)


def test_two_editing_loses_nothing_and_the_second_saves_on_top(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, name="原名", code="K1", owner=cast.manager)
    client = login(cast.manager)
    sent = filled(client, customer, name="我的名", code="K2")
    update_customer(customer_id=customer.pk, actor=cast.head, name="别人的名", stage="developed")

    answer = client.post(edit_of(customer), sent)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Hana Head" in text
    conflict = answer.context["conflict"]
    assert [(each.theirs, each.yours, each.is_kept) for each in conflict.fields] == [
        ("别人的名", "我的名", True),
        ("Developed", "Signed", False),
    ]
    form = answer.context["form"]
    shown = {name: form[name].value() for name in ("name", "code", "stage", "version")}
    assert shown == {"name": "我的名", "code": "K2", "stage": "developed", "version": "2"}

    again = {name: form[name].value() or "" for name in form.fields}
    assert client.post(edit_of(customer), again).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.code, customer.stage, customer.version) == (
        "我的名",
        "K2",
        "developed",
        3,
    )


@pytest.mark.parametrize("version", ["", "0", "x", "9" * 30])
def test_edit_on_a_version_nobody_saw_is_a_conflict_and_saves_nothing(
    cast: Cast, login: Login, version: str
) -> None:
    customer = make_customer(cast.lanzhou, name="原名", owner=cast.manager)
    client = login(cast.manager)
    answer = client.post(edit_of(customer), filled(client, customer, name="x", version=version))
    assert answer.status_code == 409
    customer.refresh_from_db()
    assert customer.name == "原名"


def test_conflict_does_not_name_what_lies_out_of_scope(cast: Cast, login: Login) -> None:
    secret = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    sent = filled(client, customer, name="x", parent=secret.pk)
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=secret, version=2)
    answer = client.post(edit_of(customer), sent)
    assert answer.status_code == 409
    assert "湖南秘密集团" not in answer.content.decode()


def test_options_are_the_customers_the_person_sees(cast: Cast, login: Login) -> None:
    mine = make_customer(cast.lanzhou, code="L1", name="兰州电力", owner=cast.manager)
    make_customer(cast.changsha, code="C1", name="长沙电力", owner=cast.stranger)
    answer = login(cast.manager).get(reverse("customer_options"), {"q": "电力"})
    assert answer.json() == [{"value": mine.pk, "text": "兰州电力", "code": "L1"}]
    without = login(cast.manager).get(
        reverse("customer_options"), {"q": "电力", "without": str(mine.pk)}
    )
    assert without.json() == []


def test_options_are_few_however_many_match(cast: Cast, login: Login) -> None:
    for _ in range(25):
        make_customer(cast.lanzhou, owner=cast.manager)
    assert len(login(cast.manager).get(reverse("customer_options")).json()) == 20


@pytest.mark.parametrize("parent", ["9" * 20, "1" * 5000, "-1", "x", "\0"])
def test_parent_that_is_no_customer_is_refused_beside_its_field(
    cast: Cast, login: Login, parent: str
) -> None:
    data = {"code": "NEW-1", "name": "新客户", "stage": "potential", "parent": parent}
    page = login(cast.manager).post(NEW, data)
    assert page.status_code == 422
    assert "parent" in page.context["form"].errors
