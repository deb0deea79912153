"""Interactions in the REST API: list, read, create, change with If-Match, delete."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.fields import INTERACTION_FIELDS
from crm.models import Customer, Interaction
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer, make_interaction
from tests.crm.test_custom_fields import make_custom_field

LIST = "/api/v1/interactions/"


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", owner=cast.manager)


def _url(interaction: Interaction) -> str:
    return f"{LIST}{interaction.pk}/"


def _send(client: Any, method: str, url: str, body: Any = None, **headers: str) -> Any:
    return client.send(
        method, url, data=json.dumps(body), content_type="application/json", headers=headers
    )


def test_created_interaction_is_returned_with_all_fields(cast: Cast, customer: Customer) -> None:
    body = {
        "customer": "OWN-1", "channel": "visit", "content": "谈了续约", "duration_minutes": 45,
        "occurred_at": "2026-03-05T09:00:00+08:00", "next_step": "寄合同",
        "next_step_on": "2026-03-09",
    }  # fmt: skip
    response = _send(key_client(cast.manager), "POST", LIST, body)
    assert response.status_code == HTTPStatus.CREATED, response.content
    assert response.headers["ETag"] == '"1"'
    created = response.json()
    assert {field.name for field in INTERACTION_FIELDS} <= created.keys()
    assert created["user"] == "manager"
    assert datetime.fromisoformat(created["occurred_at"]) == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert created["duration_minutes"] == "45"
    assert (created["source_system"], created["external_id"]) == (None, "")


def test_only_interactions_changed_since_a_time_are_listed(cast: Cast, customer: Customer) -> None:
    client = key_client(cast.manager)
    changed, unchanged = (make_interaction(customer, cast.manager) for _ in range(2))
    since = (unchanged.updated_at + timedelta(microseconds=1)).isoformat()
    parameters = {"updated_at__gte": since, "sort": "updated_at"}
    assert client.get(LIST, parameters).json()["results"] == []
    assert _send(client, "PATCH", _url(changed), {"outcome": "Agreed"}, **{"If-Match": "*"})
    rows = client.get(LIST, parameters).json()["results"]
    assert [(row["id"], row["version"]) for row in rows] == [(changed.pk, 2)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer": "ELSE"}, "customer"),
        ({"channel": "fax"}, "channel"),
        ({"content": ""}, "content"),
        ({"next_step": "Call"}, "next_step_on"),
        ({"occurred_at": "2199-01-01T00:00:00Z"}, "occurred_at"),
        ({"contact": "Wang"}, "contact"),
    ],
)
def test_invalid_value_is_refused_at_its_field(
    cast: Cast, customer: Customer, changes: dict[str, str], field: str
) -> None:
    make_customer(cast.changsha, code="ELSE")
    body = {"customer": "OWN-1", "channel": "visit", "content": "Hi"} | changes
    response = _send(key_client(cast.manager), "POST", LIST, body)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [field]


def test_change_needs_the_version_and_refuses_an_old_one(cast: Cast, customer: Customer) -> None:
    client = key_client(cast.manager)
    url = _url(make_interaction(customer, cast.manager))
    body = {"outcome": "Agreed"}
    assert _send(client, "PATCH", url, body).status_code == HTTPStatus.PRECONDITION_REQUIRED
    changed = _send(client, "PATCH", url, body, **{"If-Match": '"1"'})
    assert (changed.json()["outcome"], changed.headers["ETag"]) == ("Agreed", '"2"')
    stale = _send(client, "PATCH", url, body, **{"If-Match": '"1"'})
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert _send(client, "DELETE", url).status_code == HTTPStatus.PRECONDITION_REQUIRED
    old = _send(client, "DELETE", url, **{"If-Match": '"1"'})
    assert old.status_code == HTTPStatus.PRECONDITION_FAILED
    assert _send(client, "DELETE", url, **{"If-Match": '"2"'}).status_code == HTTPStatus.NO_CONTENT
    assert not Interaction.objects.exists()


def test_interaction_of_another_is_not_changed_and_a_hidden_one_not_found(
    cast: Cast, customer: Customer
) -> None:
    client = key_client(cast.manager)
    foreign = make_interaction(customer, cast.agent)
    hidden = make_interaction(make_customer(cast.changsha), cast.stranger)
    for method in ("PATCH", "DELETE"):
        response = _send(client, method, _url(foreign), {"outcome": "x"}, **{"If-Match": "*"})
        assert response.status_code == HTTPStatus.FORBIDDEN
        response = _send(client, method, _url(hidden), {"outcome": "x"}, **{"If-Match": "*"})
        assert response.status_code == HTTPStatus.NOT_FOUND


def test_list_has_the_filters_and_order_of_the_page(cast: Cast, customer: Customer) -> None:
    other = make_customer(cast.lanzhou, code="OWN-2", owner=cast.manager)
    make_interaction(customer, cast.manager, content="first", channel="visit")
    make_interaction(other, cast.agent, content="second")
    make_interaction(make_customer(cast.changsha), cast.stranger, content="hidden")
    client = key_client(cast.head)

    def contents(query: str) -> list[str]:
        return [row["content"] for row in client.get(LIST + query).json()["results"]]

    assert contents("") == ["second", "first"]
    assert contents("?customer=OWN-1") == ["first"]
    assert contents("?channel=visit&channel=sms") == ["first"]
    assert contents("?user=agent") == ["second"]
    assert contents("?q=seco") == ["second"]
    assert contents("?occurred_at__period=before_last_1_days") == []
    assert client.get(f"{LIST}?chanel=x").status_code == HTTPStatus.BAD_REQUEST


def test_sensitive_custom_field_is_masked_where_its_user_may_not_see_it(
    cast: Cast, customer: Customer
) -> None:
    make_custom_field(cast, "mobile", "phone", record_type="interaction", sensitive=True)
    interaction = make_interaction(
        customer, cast.manager, custom_values={"mobile": "139 0000 0000"}
    )

    def value(user: Any) -> str:
        return str(key_client(user).get(_url(interaction)).json()["custom_fields"]["mobile"])

    assert value(cast.manager) == "139 0000 0000"
    assert value(cast.agent) == "••••"
    body = {"custom_fields": {"mobile": "1"}}
    own = make_interaction(customer, cast.agent)
    refused = _send(key_client(cast.agent), "PATCH", _url(own), body, **{"If-Match": "*"})
    assert refused.status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, customer: Customer, rows: int
) -> None:
    for _ in range(rows):
        make_interaction(customer, cast.manager)
    client = key_client(cast.head)
    with CaptureQueriesContext(connection) as queries:
        assert len(client.get(LIST).json()["results"]) == rows
    assert len(queries) <= 6  # key and user, ids, rows, custom fields (filters and serializer)
