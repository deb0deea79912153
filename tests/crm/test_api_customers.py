"""Customers in the REST API: lists, reads, creation and changes, with visibility.

The customer ``OWN-1`` is the manager's, in Lanzhou; ``ELSE-1`` is hidden from all users of Gansu.
"""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from crm.fields import CUSTOMER_FIELDS
from crm.models import Customer, Industry
from tests.cast import Cast
from tests.core.api import KeyClient, key_client
from tests.crm.factories import make_customer
from tests.history import fixture_changes

LIST_URL = "/api/v1/customers/"


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", name="兰州华天科技", owner=cast.manager)


@pytest.fixture
def hidden_customer(cast: Cast) -> Customer:
    return make_customer(cast.changsha, code="ELSE-1", name="长沙远大建材", owner=cast.stranger)


def _codes(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST_URL + query)
    assert response.status_code == HTTPStatus.OK, response.content
    return [row["code"] for row in response.json()["results"]]


def test_list_has_the_customers_the_user_sees(
    cast: Cast, customer: Customer, hidden_customer: Customer
) -> None:
    assert _codes(key_client(cast.manager)) == ["OWN-1"]
    assert _codes(key_client(cast.stranger)) == ["ELSE-1"]
    assert sorted(_codes(key_client(cast.auditor))) == ["ELSE-1", "OWN-1"]


@pytest.mark.parametrize(
    ("query", "is_match"),
    [
        ("?code=OWN-1", True), ("?code=own", False),
        ("?q=华天", True), ("?q=华天 own", True), ("?q=远大", False),
        ("?unit=GSLZ", True), ("?unit=GS", True), ("?unit=GSTS", False), ("?unit=HN", False),
        ("?owner=MANAGER", True), ("?owner=head", False),
        ("?owner__not=none", True), ("?owner=none", False), ("?owner=mine", False),
        ("?industry=39", True), ("?industry=C", True), ("?industry=A", False),
        ("?category=enterprise", False), ("?source=tender", False), ("?grade=AA", False),
        ("?stage=signed", True), ("?stage=lost", False),
        ("?updated_at__gte=2020-01-01T00:00:00Z", True),
        ("?updated_at__gte=2020-01-01T00:00:00%2B19:09", True),
        ("?updated_at__gte=2999-01-01T00:00:00Z", False),
    ],
)  # fmt: skip
def test_each_filter_restricts_the_list(
    cast: Cast, customer: Customer, query: str, is_match: bool
) -> None:
    customer.industry = Industry.objects.get(code="39")
    with fixture_changes():
        customer.save()
    assert _codes(key_client(cast.head), query) == (["OWN-1"] if is_match else [])


@pytest.mark.parametrize(
    "query",
    [
        "?stage=nonsense",
        "?updated_at__gte=yesterday",
        "?updated_at__gte=0001-01-01T00:00:00%2B14:00",
        "?owner=%00",
        "?colour=red",
        "?sort=colour",
        "?where=any(stage=signed",
        "?where=colour=red",
        "?cursor=nonsense",
        "?cursor=cD1hYmM=",  # base64 of "p=abc", which is no position in the list
    ],
)
def test_list_names_the_invalid_parameter(cast: Cast, query: str) -> None:
    response = key_client(cast.head).get(LIST_URL + query)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    body = response.json()
    assert body["code"] == "invalid"
    assert list(body["errors"]) == [query[1:].partition("=")[0]]


def test_paging_returns_each_customer_once_while_others_are_created(cast: Cast) -> None:
    created_codes = [make_customer(cast.lanzhou).code for _ in range(7)]
    client = key_client(cast.head)
    page = client.get(LIST_URL + "?page_size=3").json()
    make_customer(cast.lanzhou)
    returned_codes = [row["code"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        returned_codes += [row["code"] for row in page["results"]]
    assert returned_codes == created_codes[::-1]


def test_customer_is_read_by_id_and_by_code_with_its_version(
    cast: Cast, customer: Customer
) -> None:
    client = key_client(cast.manager)
    by_id = client.get(f"{LIST_URL}{customer.pk}/")
    by_code = client.get(f"{LIST_URL}by-code/OWN-1/")
    assert by_id.json() == by_code.json()
    assert by_id["ETag"] == by_code["ETag"] == '"1"'
    read = by_id.json() | {"created_at": "", "updated_at": ""}
    expected = {
        "id": customer.pk,
        "code": "OWN-1",
        "name": "兰州华天科技",
        "industry": None,
        "source": None,
        "category": None,
        "stage": "signed",
        "grade": None,
        "owner": "manager",
        "unit": "GSLZ",
        "parent": None,
        "custom_fields": {},
        "version": 1,
        "created_at": "",
        "updated_at": "",
    }
    assert expected.items() <= read.items()
    assert read.keys() == expected.keys() | {field.name for field in CUSTOMER_FIELDS}


def test_code_with_slash_and_dot_is_read_by_code(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A/1.b")
    response = key_client(cast.head).get(f"{LIST_URL}by-code/A/1.b/")
    assert response.json()["code"] == "A/1.b"


def test_hidden_customer_gets_the_same_response_as_a_missing_one(
    cast: Cast, hidden_customer: Customer
) -> None:
    client = key_client(cast.manager)
    change = json.dumps({"name": "x"})
    for hidden_url, missing_url in (
        (f"{LIST_URL}{hidden_customer.pk}/", f"{LIST_URL}987654321/"),
        (f"{LIST_URL}by-code/ELSE-1/", f"{LIST_URL}by-code/NOWHERE/"),
    ):
        responses = [client.get(hidden_url), client.get(missing_url)]
        assert {response.status_code for response in responses} == {HTTPStatus.NOT_FOUND}
        assert responses[0].content == responses[1].content
    responses = [
        client.patch(f"{LIST_URL}{pk}/", change, content_type="application/json")
        for pk in (hidden_customer.pk, 987654321)
    ]
    assert {response.status_code for response in responses} == {HTTPStatus.NOT_FOUND}
    assert responses[0].content == responses[1].content


def test_hidden_parent_is_null(cast: Cast, customer: Customer, hidden_customer: Customer) -> None:
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=hidden_customer)
    parents = [
        key_client(user).get(f"{LIST_URL}{customer.pk}/").json()["parent"]
        for user in (cast.manager, cast.auditor)
    ]
    assert parents == [None, "ELSE-1"]


def test_hidden_parent_is_kept_when_the_read_data_are_sent_back(
    cast: Cast, customer: Customer, hidden_customer: Customer
) -> None:
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=hidden_customer)
    client = key_client(cast.manager)
    read = client.get(f"{LIST_URL}{customer.pk}/").json()
    response = _patch(client, customer, read | {"name": "华天"}, "*")
    assert response.status_code == HTTPStatus.OK
    customer.refresh_from_db()
    assert (customer.name, customer.parent) == ("华天", hidden_customer)


def _create(user: User, **values: Any) -> Any:
    body = {"code": "NEW-1", "name": "新客户"} | values
    return key_client(user).post(LIST_URL, json.dumps(body), content_type="application/json")


def test_customer_is_created_with_related_records_by_key(cast: Cast, customer: Customer) -> None:
    response = _create(
        cast.head, industry="39", source="tender", category="enterprise", grade="AA",
        stage="intending", owner="MANAGER", unit="GSLZ", parent="OWN-1",
    )  # fmt: skip
    assert response.status_code == HTTPStatus.CREATED, response.content
    assert response["ETag"] == '"1"'
    created = Customer.objects.get(code="NEW-1")
    assert (created.owner, created.unit, created.parent) == (cast.manager, cast.lanzhou, customer)
    data = response.json()
    assert {
        name: data[name]
        for name in ("industry", "source", "category", "grade", "owner", "unit", "parent")
    } == {
        "industry": "39",
        "source": "tender",
        "category": "enterprise",
        "grade": "AA",
        "owner": "manager",
        "unit": "GSLZ",
        "parent": "OWN-1",
    }


def test_customer_created_by_a_manager_is_owned_by_them(cast: Cast) -> None:
    assert _create(cast.manager).json()["owner"] == "manager"
    assert _create(cast.head, code="NEW-2").json()["owner"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("industry", "ZZ"), ("source", "ZZ"), ("category", "ZZ"), ("grade", "ZZ"),
        ("owner", "nobody"), ("owner", "stranger"), ("unit", "NOWHERE"), ("unit", "HNCS"),
        ("parent", "NOWHERE"), ("parent", "ELSE-1"),
    ],
)  # fmt: skip
def test_unknown_and_hidden_keys_get_the_same_error_at_their_field(
    cast: Cast, hidden_customer: Customer, field: str, value: str
) -> None:
    response = _create(cast.head, **{field: value})
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.json()["errors"] == {field: ["Not found or not yours"]}


def test_code_of_a_hidden_customer_gets_the_same_error_as_of_a_visible_one(
    cast: Cast, customer: Customer, hidden_customer: Customer
) -> None:
    visible, hidden = _create(cast.head, code="OWN-1"), _create(cast.head, code="ELSE-1")
    assert visible.status_code == hidden.status_code == HTTPStatus.BAD_REQUEST
    assert visible.content == hidden.content
    assert list(visible.json()["errors"]) == ["code"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "no spaces"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"name": " "}, "name"),
        ({"stage": "best"}, "stage"),
        ({"nmae": "x"}, "nmae"),
        ({"name": "\ud800"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"unit": None}, "unit"),
        ({"owner": ["manager"]}, "owner"),
    ],
)
def test_invalid_value_is_refused_with_an_error_at_its_field(
    cast: Cast, values: dict[str, Any], field: str
) -> None:
    response = _create(cast.head, **values)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [field]
    assert not Customer.objects.exists()


def _patch(
    client: KeyClient, customer: Customer, values: dict[str, Any], if_match: str | None
) -> Any:
    headers = {} if if_match is None else {"If-Match": if_match}
    return client.patch(
        f"{LIST_URL}{customer.pk}/",
        json.dumps(values),
        content_type="application/json",
        headers=headers,
    )


def test_change_of_the_current_version_is_saved(cast: Cast, customer: Customer) -> None:
    response = _patch(key_client(cast.manager), customer, {"name": "华天"}, '"1"')
    assert response.status_code == HTTPStatus.OK
    assert response["ETag"] == '"2"'
    assert (response.json()["name"], response.json()["version"]) == ("华天", 2)


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"7"', 412, "stale"),
        ("nonsense", 428, "precondition_required"),
        ('W/"1"', 412, "stale"),
        ('"7", "1"', 200, "OWN-1"),
        ("*", 200, "OWN-1"),
    ],
)
def test_change_needs_if_match_with_the_current_version(
    cast: Cast, customer: Customer, if_match: str | None, status: int, code: str
) -> None:
    """``code`` is the code of the error, or the code of the changed customer."""
    response = _patch(key_client(cast.manager), customer, {"name": "华天"}, if_match)
    assert (response.status_code, response.json()["code"]) == (status, code)
    customer.refresh_from_db()
    assert (customer.name == "华天") == (status == HTTPStatus.OK)


def test_changing_the_owner_needs_the_permission(cast: Cast, customer: Customer) -> None:
    values = {"owner": "colleague"}
    assert _patch(key_client(cast.manager), customer, values, "*").status_code == 403
    assert _patch(key_client(cast.head), customer, values, "*").status_code == 200


def test_change_that_hides_the_customer_returns_no_content(cast: Cast, customer: Customer) -> None:
    role = cast.manager.role
    role.permissions = [*role.permissions, "customer.reassign"]
    with fixture_changes():
        role.save()
    response = _patch(key_client(cast.manager), customer, {"owner": "colleague"}, "*")
    assert (response.status_code, response.content) == (HTTPStatus.NO_CONTENT, b"")
    customer.refresh_from_db()
    assert customer.owner == cast.colleague


@pytest.mark.parametrize("rows", [2, 20])
def test_list_has_a_constant_number_of_queries(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    parent = make_customer(cast.lanzhou, owner=cast.manager)
    for _ in range(rows - 1):
        customer = make_customer(cast.lanzhou, owner=cast.manager, parent=parent)
        customer.industry = Industry.objects.get(code="39")
        customer.custom_values = {"lines": 3}
        with fixture_changes():
            customer.save()
    client = key_client(cast.head)
    with django_assert_num_queries(4):  # key with user; ids; page; custom fields
        assert len(_codes(client)) == rows
