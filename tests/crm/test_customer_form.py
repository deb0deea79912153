"""The pages to create and edit a customer, with two users who edit at the same time."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Customer, Grade
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes

NEW_URL = "/customers/new/"


def edit_url(customer: Customer) -> str:
    return reverse("customer_edit", args=[customer.pk])


def form_data(client: Client, customer: Customer, **changes: object) -> dict[str, object]:
    """Return the data a browser would send: the form's values with changes."""
    form = client.get(edit_url(customer)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in (values | changes).items()}


def options(page: Any, field: str) -> set[str]:
    """Return the values of a select of the form."""
    return {str(value) for value, _label in page.context["form"].fields[field].choices}


def test_new_customer_of_a_manager_is_owned_by_them_in_their_unit(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    page = client.get(NEW_URL)
    assert not {"owner", "unit", "reason"} & set(page.context["form"].fields)
    assert 'data-draft="customer-new"' in page.content.decode()
    response = client.post(NEW_URL, {"name": " 华天  科技 ", "code": "K1", "stage": "potential"})
    customer = Customer.objects.get()
    assert (customer.name, customer.owner, customer.unit) == (
        "华天 科技",
        cast.manager,
        cast.lanzhou,
    )
    assert response["Location"] == reverse("customer", args=[customer.pk])


def test_history_of_a_new_customer_has_actor_and_channel(cast: Cast, login: Login) -> None:
    login(cast.manager).post(NEW_URL, {"name": "华天", "code": "K1", "stage": "potential"})
    metadata = Customer.objects.values_list("events__pgh_context__metadata", flat=True).get()
    assert metadata == {"actor": cast.manager.pk, "action": "customer.create", "channel": "browser"}


def test_new_customer_with_errors_is_answered_with_422_and_the_input(
    cast: Cast, login: Login
) -> None:
    make_customer(cast.changsha, code="TAKEN")
    response = login(cast.manager).post(
        NEW_URL, {"name": "", "code": "TAKEN", "stage": "potential"}
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name"}
    assert 'value="TAKEN"' in response.content.decode()
    response = login(cast.manager).post(
        NEW_URL, {"name": "华天", "code": "TAKEN", "stage": "potential"}
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"code"}
    assert 'value="华天"' in response.content.decode()


@pytest.mark.parametrize("user_name", ["agent", "executive", "auditor", "sysadmin"])
def test_forms_are_forbidden_without_the_permission(
    cast: Cast, login: Login, user_name: str
) -> None:
    customer = make_customer(cast.lanzhou)
    client = login(getattr(cast, user_name))
    for url in (NEW_URL, edit_url(customer)):
        assert client.get(url).status_code == 403
        assert client.post(url, {"name": "x"}).status_code == 403


def test_edit_of_a_hidden_customer_is_not_found(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.stranger)
    assert client.get(edit_url(customer)).status_code == 404
    assert client.post(edit_url(customer), {"name": "x"}).status_code == 404


def test_edit_by_a_head_lists_the_account_managers_and_units_of_the_subtree(
    cast: Cast, login: Login
) -> None:
    page = login(cast.head).get(edit_url(make_customer(cast.lanzhou)))
    account_managers = (cast.manager, cast.colleague, cast.head, cast.division_admin)
    assert options(page, "owner") == {"", *(str(user.pk) for user in account_managers)}
    units = (cast.gansu, cast.lanzhou, cast.tianshui)
    assert options(page, "unit") == {str(unit.pk) for unit in units}


def test_edit_by_a_head_keeps_an_owner_of_another_division(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.stranger)
    client = login(cast.head)
    response = client.post(edit_url(customer), form_data(client, customer, name="新名"))
    assert response.status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.owner) == ("新名", cast.stranger)


@pytest.mark.parametrize("field", ["owner", "unit", "parent"])
def test_edit_with_a_record_of_another_division_is_refused_with_an_error_at_the_field(
    cast: Cast, login: Login, field: str
) -> None:
    records_of_hunan = {
        "owner": cast.stranger,
        "unit": cast.changsha,
        "parent": make_customer(cast.changsha, name="湖南秘密集团"),
    }
    customer = make_customer(cast.lanzhou)
    client = login(cast.head)
    data = form_data(client, customer, **{field: records_of_hunan[field].pk})
    response = client.post(edit_url(customer), data)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert "湖南秘密集团" not in response.content.decode()


def test_edit_by_a_manager_ignores_a_submitted_owner(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    data = form_data(client, customer, name="新名", owner=cast.colleague.pk)
    assert client.post(edit_url(customer), data).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.owner) == ("新名", cast.manager)


def test_edit_that_hides_the_customer_redirects_to_the_list(cast: Cast, login: Login) -> None:
    role = cast.manager.role
    role.permissions = [*role.permissions, "customer.reassign"]
    with fixture_changes():
        role.save()
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    response = client.post(edit_url(customer), form_data(client, customer, owner=cast.colleague.pk))
    assert response["Location"] == reverse("customers")


def test_changed_grade_needs_a_reason_which_is_in_the_history(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    grade = Grade.objects.get(code="A")
    client = login(cast.manager)
    response = client.post(edit_url(customer), form_data(client, customer, grade=grade.pk))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"reason"}
    data = form_data(client, customer, grade=grade.pk, reason="三年大单")
    assert client.post(edit_url(customer), data).status_code == 302
    contexts = Customer.objects.order_by("-events__pgh_id").values_list(
        "events__pgh_context__metadata", flat=True
    )
    assert contexts[0]["reason"] == "三年大单"


def test_hidden_parent_is_neither_named_nor_lost(cast: Cast, login: Login) -> None:
    group = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, owner=cast.manager, parent=group)
    client = login(cast.manager)
    assert "湖南秘密集团" not in client.get(edit_url(customer)).content.decode()
    assert (
        client.post(edit_url(customer), form_data(client, customer, name="新")).status_code == 302
    )
    customer.refresh_from_db()
    assert (customer.name, customer.parent) == ("新", group)


def test_concurrent_edits_are_merged_and_can_be_saved(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, name="原名", code="K1", owner=cast.manager)
    client = login(cast.manager)
    data = form_data(client, customer, name="我的名", code="K2")
    update_customer(customer_id=customer.pk, actor=cast.head, name="别人的名", stage="developed")

    response = client.post(edit_url(customer), data)
    assert response.status_code == 409
    text = response.content.decode()
    assert "Hana Head" in text
    conflict = response.context["conflict"]
    assert [(field.saved, field.submitted, field.keeps_submitted) for field in conflict.fields] == [
        ("别人的名", "我的名", True),
        ("Developed", "Signed", False),
    ]
    form = response.context["form"]
    values = {name: form[name].value() for name in ("name", "code", "stage", "version")}
    assert values == {"name": "我的名", "code": "K2", "stage": "developed", "version": "2"}

    merged_data = {name: form[name].value() or "" for name in form.fields}
    assert client.post(edit_url(customer), merged_data).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.code, customer.stage, customer.version) == (
        "我的名",
        "K2",
        "developed",
        3,
    )


@pytest.mark.parametrize("version", ["", "0", "x", "9" * 30])
def test_edit_of_an_unknown_version_is_a_conflict_and_saves_nothing(
    cast: Cast, login: Login, version: str
) -> None:
    customer = make_customer(cast.lanzhou, name="原名", owner=cast.manager)
    client = login(cast.manager)
    response = client.post(
        edit_url(customer), form_data(client, customer, name="x", version=version)
    )
    assert response.status_code == 409
    customer.refresh_from_db()
    assert customer.name == "原名"


def test_conflict_does_not_name_a_hidden_customer(cast: Cast, login: Login) -> None:
    hidden_parent = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    data = form_data(client, customer, name="x", parent=hidden_parent.pk)
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=hidden_parent, version=2)
    response = client.post(edit_url(customer), data)
    assert response.status_code == 409
    assert "湖南秘密集团" not in response.content.decode()


def test_options_are_the_visible_customers_except_the_one_to_leave_out(
    cast: Cast, login: Login
) -> None:
    mine = make_customer(cast.lanzhou, code="L1", name="兰州电力", owner=cast.manager)
    make_customer(cast.changsha, code="C1", name="长沙电力", owner=cast.stranger)
    response = login(cast.manager).get(reverse("customer_options"), {"q": "电力"})
    assert response.json() == [{"value": mine.pk, "text": "兰州电力", "code": "L1"}]
    other_options = login(cast.manager).get(
        reverse("customer_options"), {"q": "电力", "without": str(mine.pk)}
    )
    assert other_options.json() == []


def test_options_are_limited_to_twenty(cast: Cast, login: Login) -> None:
    for _ in range(25):
        make_customer(cast.lanzhou, owner=cast.manager)
    assert len(login(cast.manager).get(reverse("customer_options")).json()) == 20


@pytest.mark.parametrize("parent", ["9" * 20, "1" * 5000, "-1", "x", "\0"])
def test_invalid_parent_is_refused_with_an_error_at_its_field(
    cast: Cast, login: Login, parent: str
) -> None:
    data = {"code": "NEW-1", "name": "新客户", "stage": "potential", "parent": parent}
    page = login(cast.manager).post(NEW_URL, data)
    assert page.status_code == 422
    assert "parent" in page.context["form"].errors
