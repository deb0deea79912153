"""The list of transactions of the REST API: visibility, filters, paging."""

from datetime import date
from http import HTTPStatus
from typing import Any

import pytest

from crm.models import ImportBatch
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_batch, make_customer, make_transaction

LIST_URL = "/api/v1/transactions/"


@pytest.fixture
def batch(cast: Cast) -> ImportBatch:
    """A batch with T1 and T2 of a customer in Gansu, and T3 of one in Hunan."""
    batch = make_batch(cast.division_admin)
    own = make_customer(cast.lanzhou, code="OWN-1", owner=cast.manager)
    other = make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    make_transaction(own, on=date(2026, 9, 1), amount="100.50", batch=batch, external_id="T1")
    make_transaction(own, on=date(2026, 10, 1), amount="-20.00", batch=batch, external_id="T2")
    make_transaction(other, on=date(2026, 9, 1), amount="7.00", batch=batch, external_id="T3")
    return batch


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["T2", "T1"]),
        ("?customer=OWN-1", ["T2", "T1"]), ("?customer=ELSE-1", []),
        ("?customer__not=OWN-1", []), ("?customer=OWN-1&customer=ELSE-1", ["T2", "T1"]),
        ("?date__gte=2026-09-02", ["T2"]), ("?date__lte=2026-09-01", ["T1"]),
        ("?date=2026-09-01", ["T1"]), ("?date__period=before_last_1_day", ["T2", "T1"]),
        ("?kind=refund", ["T2"]), ("?kind=bill", ["T1"]), ("?kind=order", []),
        ("?kind=bill&kind=refund", ["T2", "T1"]), ("?kind__not=bill", ["T2"]),
        ("?billing_system=test", ["T2", "T1"]), ("?billing_system=other", []),
        ("?external_id=T1", ["T1"]), ("?external_id=T3", []),
        ("?external_id=T1&external_id=T2", ["T2", "T1"]), ("?sort=id", ["T1", "T2"]),
        ("?where=any(kind=refund;date__lte=2026-01-01)", ["T2"]),
    ],
)  # fmt: skip
def test_list_has_the_visible_transactions_that_match_the_filter(
    cast: Cast, batch: ImportBatch, query: str, ids: list[str]
) -> None:
    response = key_client(cast.head).get(LIST_URL + query)
    assert [row["external_id"] for row in response.json()["results"]] == ids


def test_transaction_is_returned_with_the_keys_of_related_records(
    cast: Cast, batch: ImportBatch
) -> None:
    (row,) = key_client(cast.head).get(LIST_URL + "?external_id=T2").json()["results"]
    del row["id"]
    assert row == {
        "customer": "OWN-1",
        "date": "2026-10-01",
        "amount": "-20.00",
        "currency": "CNY",
        "kind": "refund",
        "billing_system": "test",
        "external_id": "T2",
        "batch": batch.pk,
    }


def test_pages_follow_each_other_without_gap_or_repetition(cast: Cast, batch: ImportBatch) -> None:
    client = key_client(cast.executive)
    first = client.get(LIST_URL + "?page_size=2").json()
    second = client.get(first["next"]).json()
    assert [row["external_id"] for row in first["results"]] == ["T3", "T2"]
    assert [row["external_id"] for row in second["results"]] == ["T1"]
    assert second["next"] is None
    assert client.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    "query", ["?date__gte=01/02/2026", "?kind=gift", "?sort=amount", "?cursor=x"]
)
def test_list_names_the_invalid_parameter(cast: Cast, query: str) -> None:
    response = key_client(cast.head).get(LIST_URL + query)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [query[1:].partition("=")[0]]


@pytest.mark.parametrize("rows", [2, 20])
def test_list_has_a_constant_number_of_queries(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    batch = make_batch(cast.division_admin)
    for _ in range(rows):
        customer = make_customer(cast.lanzhou)
        make_transaction(customer, on=date(2026, 9, 1), amount="1.00", batch=batch)
    client = key_client(cast.head)
    with django_assert_num_queries(3):  # the key with its user; the ids; the page
        assert len(client.get(LIST_URL).json()["results"]) == rows
