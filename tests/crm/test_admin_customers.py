"""Administration of customers and reference lists, which calls the services."""

from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import acting
from accounts.actions import Action
from crm.models import Customer, Grade
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", name="兰州华天科技", owner=cast.manager)


def _form_data(customer: Customer, **changes: Any) -> dict[str, Any]:
    return {
        "code": customer.code, "name": customer.name, "industry": "", "source": "",
        "category": "", "stage": customer.stage, "grade": "", "owner": customer.owner_id or "",
        "unit": customer.unit_id, "parent": "", "reason": "", "loaded_version": customer.version,
    } | changes  # fmt: skip


def _change_url(customer: Customer) -> str:
    return f"/admin/crm/customer/{customer.pk}/change/"


def _form_errors(response: Any, field: str = "__all__") -> str:
    return " ".join(response.context["adminform"].form.errors.get(field, []))


def test_change_is_saved_with_its_reason(cast: Cast, customer: Customer, login: Login) -> None:
    client = login(cast.division_admin)
    response = client.post(
        _change_url(customer), _form_data(customer, name="华天", reason="Renamed")
    )
    assert response.status_code == HTTPStatus.FOUND, response.context["errors"]
    customer.refresh_from_db()
    assert (customer.name, customer.version) == ("华天", 2)
    page = client.get(f"/admin/crm/customer/{customer.pk}/history/").content.decode()
    assert "Renamed" in page
    assert "兰州华天科技 → 华天" in page
    assert "Dana Admin" in page


def test_history_does_not_name_a_hidden_parent(
    cast: Cast, customer: Customer, login: Login
) -> None:
    hidden_customer = make_customer(
        cast.changsha, code="ELSE-1", name="长沙远大", owner=cast.stranger
    )
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=hidden_customer)
    url = f"/admin/crm/customer/{customer.pk}/history/"
    assert "长沙远大" not in login(cast.division_admin).get(url).content.decode()
    assert "长沙远大" in login(cast.sysadmin).get(url).content.decode()


def test_history_has_a_constant_number_of_queries(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client = login(cast.division_admin)
    query_counts = []
    for changes in (2, 18):
        for number in range(changes):
            owner = cast.colleague if number % 2 else cast.manager
            update_customer(
                customer_id=customer.pk,
                actor=cast.division_admin,
                owner=owner,
                name=f"华天 {changes}-{number}",
            )
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/crm/customer/{customer.pk}/history/").status_code == 200
        query_counts.append(len(queries))
    assert query_counts[0] == query_counts[1]


def test_history_names_a_user_of_another_division_who_made_a_change(
    cast: Cast, customer: Customer, login: Login
) -> None:
    with acting.audited_transaction(cast.stranger, Action.CUSTOMER_UPDATE):
        Customer.objects.filter(pk=customer.pk).update(name="华天")
    page = login(cast.division_admin).get(f"/admin/crm/customer/{customer.pk}/history/")
    assert cast.stranger.name in page.content.decode()


def test_change_of_an_old_version_is_refused_and_the_form_keeps_the_input(
    cast: Cast, customer: Customer, login: Login
) -> None:
    values = _form_data(customer, name="华天")
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(version=2)
    response = login(cast.division_admin).post(_change_url(customer), values)
    assert response.status_code == HTTPStatus.OK
    assert "Somebody changed" in _form_errors(response)
    assert 'value="华天"' in response.content.decode()


def test_code_of_a_hidden_customer_is_refused_without_details(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    response = login(cast.division_admin).post(
        _change_url(customer), _form_data(customer, code="ELSE-1")
    )
    assert "ask head office" in _form_errors(response, "code")


def test_choices_contain_only_records_the_user_sees(
    cast: Cast, customer: Customer, login: Login
) -> None:
    hidden_customer = make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    client = login(cast.division_admin)
    page = client.get(_change_url(customer)).content.decode()
    assert "Mia Manager" in page
    assert "Stan Stranger" not in page
    assert "Hncs" not in page
    results = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "crm", "model_name": "customer", "field_name": "parent", "term": "-1"},
    ).json()["results"]
    assert [entry["id"] for entry in results] == [str(customer.pk)]
    response = client.post(_change_url(customer), _form_data(customer, parent=hidden_customer.pk))
    assert _form_errors(response, "parent")


def test_system_administrator_may_read_but_not_change_customers(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client = login(cast.sysadmin)
    assert "_save" not in client.get(_change_url(customer)).content.decode()
    assert (
        client.post(_change_url(customer), _form_data(customer)).status_code == HTTPStatus.FORBIDDEN
    )


def test_grade_in_use_is_not_deleted_and_the_page_gives_the_reason(
    cast: Cast, customer: Customer, login: Login
) -> None:
    grade = Grade.objects.get(code="AA")
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(grade=grade)
    client = login(cast.sysadmin)
    response = client.post(f"/admin/crm/grade/{grade.pk}/delete/", {"post": "yes"}, follow=True)
    assert "is in use" in response.content.decode()
    assert Grade.objects.filter(pk=grade.pk).exists()


def test_grade_not_in_use_is_deleted(cast: Cast, login: Login) -> None:
    with fixture_changes():
        grade = Grade.objects.create(code="Z", name_zh="备用", name_en="Spare")
    login(cast.sysadmin).post(f"/admin/crm/grade/{grade.pk}/delete/", {"post": "yes"})
    assert not Grade.objects.filter(pk=grade.pk).exists()


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("grade", {"code": "AA", "name_zh": "重复", "name_en": "Twice", "position": 9}, "code"),
        ("industry", {"code": "XX", "name_zh": "错", "name_en": "Wrong", "position": 9}, "__all__"),
        ("source", {"code": "new", "name_zh": "", "name_en": "New", "position": 9}, "name_zh"),
    ],
)
def test_invalid_entry_is_refused_with_an_error_at_its_field(
    cast: Cast, login: Login, name: str, values: dict[str, Any], field: str
) -> None:
    response = login(cast.sysadmin).post(f"/admin/crm/{name}/add/", values)
    assert response.status_code == HTTPStatus.OK
    assert _form_errors(response, field)


@pytest.mark.parametrize("rows", [2, 20])
def test_list_has_a_constant_number_of_queries(
    cast: Cast, login: Login, rows: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(rows):
        make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.division_admin)
    with django_assert_max_num_queries(10):
        client.get("/admin/crm/customer/")
