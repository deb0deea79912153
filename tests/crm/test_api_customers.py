"""Customers over the REST API: found, read, created, changed; each in the caller's scope."""

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

LIST = "/api/v1/customers/"


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", name="兰州华天科技", owner=cast.manager)


@pytest.fixture
def elsewhere(cast: Cast) -> Customer:
    return make_customer(cast.changsha, code="ELSE-1", name="长沙远大建材", owner=cast.stranger)


def _codes(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == HTTPStatus.OK, response.content
    return [row["code"] for row in response.json()["results"]]


def test_list_holds_what_the_caller_sees(
    cast: Cast, customer: Customer, elsewhere: Customer
) -> None:
    assert _codes(key_client(cast.manager)) == ["OWN-1"]
    assert _codes(key_client(cast.stranger)) == ["ELSE-1"]
    assert sorted(_codes(key_client(cast.auditor))) == ["ELSE-1", "OWN-1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?code=OWN-1", True), ("?code=own", False),
        ("?search=华天", True), ("?search=华天 own", True), ("?search=远大", False),
        ("?unit=GSLZ", True), ("?unit=GS", True), ("?unit=GSTS", False), ("?unit=HN", False),
        ("?owner=MANAGER", True), ("?owner=head", False),
        ("?pool=false", True), ("?pool=true", False),
        ("?industry=39", True), ("?industry=C", True), ("?industry=A", False),
        ("?category=enterprise", False), ("?source=tender", False), ("?grade=AA", False),
        ("?stage=signed", True), ("?stage=lost", False),
        ("?updated_since=2020-01-01T00:00:00Z", True),
        ("?updated_since=2020-01-01T00:00:00%2B19:09", True),
        ("?updated_since=2999-01-01T00:00:00Z", False),
    ],
)  # fmt: skip
def test_list_is_narrowed_by_each_filter(
    cast: Cast, customer: Customer, query: str, found: bool
) -> None:
    customer.industry = Industry.objects.get(code="39")
    with fixture_changes():
        customer.save()
    assert _codes(key_client(cast.head), query) == (["OWN-1"] if found else [])


@pytest.mark.parametrize(
    "query",
    [
        "?stage=nonsense",
        "?updated_since=yesterday",
        "?updated_since=0001-01-01T00:00:00%2B14:00",
        "?search=%00",
        "?cursor=nonsense",
        "?cursor=cD1hYmM=",
    ],
)
def test_list_asked_for_nonsense_answers_which_parameter(cast: Cast, query: str) -> None:
    response = key_client(cast.head).get(LIST + query)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    body = response.json()
    assert body["code"] == "invalid"
    assert list(body["errors"]) == [query[1:].partition("=")[0]]


def test_paging_gives_each_customer_once_while_others_are_made(cast: Cast) -> None:
    made = [make_customer(cast.lanzhou).code for _ in range(7)]
    client = key_client(cast.head)
    page = client.get(LIST + "?page_size=3").json()
    make_customer(cast.lanzhou)
    seen = [row["code"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["code"] for row in page["results"]]
    assert seen == made[::-1]


def test_customer_is_read_by_id_and_by_code_with_its_version(
    cast: Cast, customer: Customer
) -> None:
    client = key_client(cast.manager)
    by_id = client.get(f"{LIST}{customer.pk}/")
    by_code = client.get(f"{LIST}by-code/OWN-1/")
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
    response = key_client(cast.head).get(f"{LIST}by-code/A/1.b/")
    assert response.json()["code"] == "A/1.b"


def test_customer_out_of_scope_answers_as_one_that_does_not_exist(
    cast: Cast, elsewhere: Customer
) -> None:
    client = key_client(cast.manager)
    change = json.dumps({"name": "x"})
    for there, nowhere in (
        (f"{LIST}{elsewhere.pk}/", f"{LIST}987654321/"),
        (f"{LIST}by-code/ELSE-1/", f"{LIST}by-code/NOWHERE/"),
    ):
        answers = [client.get(there), client.get(nowhere)]
        assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
        assert answers[0].content == answers[1].content
    answers = [
        client.patch(f"{LIST}{pk}/", change, content_type="application/json")
        for pk in (elsewhere.pk, 987654321)
    ]
    assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
    assert answers[0].content == answers[1].content


def test_parent_out_of_scope_is_not_named(
    cast: Cast, customer: Customer, elsewhere: Customer
) -> None:
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=elsewhere)
    read = [
        key_client(user).get(f"{LIST}{customer.pk}/").json()["parent"]
        for user in (cast.manager, cast.auditor)
    ]
    assert read == [None, "ELSE-1"]


def test_parent_out_of_scope_stays_when_what_was_read_is_sent_back(
    cast: Cast, customer: Customer, elsewhere: Customer
) -> None:
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(parent=elsewhere)
    client = key_client(cast.manager)
    read = client.get(f"{LIST}{customer.pk}/").json()
    response = _patch(client, customer, read | {"name": "华天"}, "*")
    assert response.status_code == HTTPStatus.OK
    customer.refresh_from_db()
    assert (customer.name, customer.parent) == ("华天", elsewhere)


def _create(user: User, **values: Any) -> Any:
    body = {"code": "NEW-1", "name": "新客户"} | values
    return key_client(user).post(LIST, json.dumps(body), content_type="application/json")


def test_created_customer_takes_related_records_by_their_keys(
    cast: Cast, customer: Customer
) -> None:
    response = _create(
        cast.head, industry="39", source="tender", category="enterprise", grade="AA",
        stage="intending", owner="MANAGER", unit="GSLZ", parent="OWN-1",
    )  # fmt: skip
    assert response.status_code == HTTPStatus.CREATED, response.content
    assert response["ETag"] == '"1"'
    made = Customer.objects.get(code="NEW-1")
    assert (made.owner, made.unit, made.parent) == (cast.manager, cast.lanzhou, customer)
    answered = response.json()
    assert {
        name: answered[name]
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


def test_customer_created_by_a_manager_is_theirs(cast: Cast) -> None:
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
def test_key_unknown_or_out_of_scope_gets_the_same_words_at_its_field(
    cast: Cast, elsewhere: Customer, field: str, value: str
) -> None:
    response = _create(cast.head, **{field: value})
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.json()["errors"] == {field: ["Not found or not yours"]}


def test_code_taken_elsewhere_is_refused_in_neutral_words(
    cast: Cast, customer: Customer, elsewhere: Customer
) -> None:
    here, there = _create(cast.head, code="OWN-1"), _create(cast.head, code="ELSE-1")
    assert here.status_code == there.status_code == HTTPStatus.BAD_REQUEST
    assert here.content == there.content
    assert list(here.json()["errors"]) == ["code"]


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
def test_unfit_value_is_refused_at_its_field(
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
        f"{LIST}{customer.pk}/",
        json.dumps(values),
        content_type="application/json",
        headers=headers,
    )


def test_change_based_on_the_current_version_is_made(cast: Cast, customer: Customer) -> None:
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
        ('"7", "1"', 200, None),
        ("*", 200, None),
    ],
)
def test_change_takes_a_current_if_match(
    cast: Cast, customer: Customer, if_match: str | None, status: int, code: str | None
) -> None:
    response = _patch(key_client(cast.manager), customer, {"name": "华天"}, if_match)
    assert (response.status_code, response.json().get("code")) == (
        status,
        "OWN-1" if code is None else code,
    )
    customer.refresh_from_db()
    assert (customer.name == "华天") == (status == HTTPStatus.OK)


def test_giving_away_takes_the_permission_for_it(cast: Cast, customer: Customer) -> None:
    values = {"owner": "colleague"}
    assert _patch(key_client(cast.manager), customer, values, "*").status_code == 403
    assert _patch(key_client(cast.head), customer, values, "*").status_code == 200


def test_customer_given_out_of_ones_own_sight_answers_without_it(
    cast: Cast, customer: Customer
) -> None:
    role = cast.manager.role
    role.permissions = [*role.permissions, "customer.reassign"]
    with fixture_changes():
        role.save()
    response = _patch(key_client(cast.manager), customer, {"owner": "colleague"}, "*")
    assert (response.status_code, response.content) == (HTTPStatus.NO_CONTENT, b"")
    customer.refresh_from_db()
    assert customer.owner == cast.colleague


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    parent = make_customer(cast.lanzhou, owner=cast.manager)
    for _ in range(rows - 1):
        made = make_customer(cast.lanzhou, owner=cast.manager, parent=parent)
        made.industry = Industry.objects.get(code="39")
        with fixture_changes():
            made.save()
    client = key_client(cast.head)
    with django_assert_num_queries(4):  # key with user; page; parent groups; custom fields
        assert len(_codes(client)) == rows
