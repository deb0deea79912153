"""Import of many transactions in one request of the REST API."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.http.request import HttpRequest
from pytest_django import Settings

from accounts.models import User
from crm.models import Customer, ImportBatch, Transaction
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer

BULK_URL = "/api/v1/transactions/bulk/"
NDJSON, CSV, JSON = "application/x-ndjson", "text/csv", "application/json"
VALID_ROW = {"customer": "OWN-1", "date": "2026-10-01", "amount": "100.00", "external_id": "B1"}


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", owner=cast.manager)


def _ndjson(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _send(
    user: User, body: str | bytes, query: str = "?system=file", content_type: str = NDJSON
) -> Any:
    data = body if isinstance(body, bytes) else body.encode()
    return key_client(user).post(BULK_URL + query, data, content_type=content_type)


def test_ndjson_is_imported_and_the_batch_names_the_channel(cast: Cast, customer: Customer) -> None:
    body = _ndjson(VALID_ROW, VALID_ROW | {"external_id": "B2", "kind": "refund", "amount": "-5"})
    response = _send(cast.division_admin, body)
    assert response.status_code == HTTPStatus.OK, response.content
    batch = ImportBatch.objects.get()
    assert response.json() == {
        "batch": batch.pk,
        "dry_run": False,
        "rows_read": 2,
        "rows_created": 2,
        "rows_changed": 0,
        "rows_unchanged": 0,
        "rows_rejected": 0,
        "customers_created": 0,
        "reasons": {},
        "rejects": [],
    }
    assert (batch.channel, batch.actor) == ("api", cast.division_admin)
    assert Transaction.objects.filter(customer=customer).count() == 2


def test_csv_is_imported(cast: Cast, customer: Customer) -> None:
    body = "customer,date,amount,external_id\nOWN-1,2026-10-01,100.00,B1\n"
    counts = _send(cast.division_admin, body, content_type=f"{CSV}; charset=utf-8").json()
    assert (counts["rows_read"], counts["rows_created"]) == (1, 1)


def test_json_array_is_imported_by_the_same_rules(cast: Cast, customer: Customer) -> None:
    rows = [
        VALID_ROW | {"amount": 12.50},
        VALID_ROW | {"external_id": "B2", "amount": "much"},
        VALID_ROW | {"external_id": "B3", "colour": "red"},
        7,
        VALID_ROW | {"external_id": "B4", "kind": "refund", "amount": "-5"},
    ]
    as_array = _send(cast.division_admin, json.dumps(rows), content_type=JSON).json()
    assert (as_array["rows_created"], as_array["rows_rejected"]) == (2, 3)
    assert [reject["line"] for reject in as_array["rejects"]] == [2, 3, 4]
    assert str(Transaction.objects.get(external_id="B1").amount) == "12.50"
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    as_lines = _send(cast.division_admin, lines).json()
    assert as_lines["rows_unchanged"] == 2
    for name in ("rows_read", "rows_rejected", "reasons", "rejects"):
        assert as_lines[name] == as_array[name]


def test_broken_json_array_stores_nothing(cast: Cast, customer: Customer) -> None:
    response = _send(cast.division_admin, json.dumps([VALID_ROW])[:-1], content_type=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "broken_json")
    assert not Transaction.objects.exists()


def test_same_body_twice_changes_nothing(cast: Cast, customer: Customer) -> None:
    first, second = (_send(cast.division_admin, _ndjson(VALID_ROW)).json() for _ in range(2))
    assert (first["rows_created"], second["rows_created"], second["rows_unchanged"]) == (1, 0, 1)


def test_corrected_row_replaces_the_one_sent_before(cast: Cast, customer: Customer) -> None:
    _send(cast.division_admin, _ndjson(VALID_ROW))
    counts = _send(cast.division_admin, _ndjson(VALID_ROW | {"amount": "90.00"})).json()
    assert counts["rows_changed"] == 1
    assert str(Transaction.objects.get().amount) == "90.00"


def test_invalid_rows_are_returned_with_line_column_and_reason(
    cast: Cast, customer: Customer
) -> None:
    body = _ndjson(VALID_ROW, VALID_ROW | {"amount": "much", "external_id": "B2"}) + "{broken\n"
    result = _send(cast.division_admin, body).json()
    assert (result["rows_created"], result["rows_rejected"]) == (1, 2)
    first = result["rejects"][0]
    assert (first["line"], first["column"]) == (2, "amount")
    assert all(reject["code"] and reject["reason"] for reject in result["rejects"])
    assert sum(result["reasons"].values()) == 2


def test_dry_run_counts_and_stores_nothing(cast: Cast, customer: Customer) -> None:
    result = _send(cast.division_admin, _ndjson(VALID_ROW), "?system=file&dry_run=true").json()
    assert (result["rows_created"], result["batch"], result["dry_run"]) == (1, None, True)
    assert not Transaction.objects.exists()


def test_customers_are_created_only_with_the_option(cast: Cast) -> None:
    without_option = _send(cast.division_admin, _ndjson(VALID_ROW)).json()
    assert (without_option["rows_rejected"], Customer.objects.count()) == (1, 0)
    with_option = _send(
        cast.division_admin, _ndjson(VALID_ROW), "?system=file&create_customers=true"
    ).json()
    assert (with_option["customers_created"], Customer.objects.get().unit) == (1, cast.gansu)


def test_customer_of_another_division_is_refused_like_an_unknown_one(cast: Cast) -> None:
    make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    rows = [
        VALID_ROW | {"customer": "ELSE-1"},
        VALID_ROW | {"customer": "NOWHERE", "external_id": "B2"},
    ]
    rejects = _send(cast.division_admin, _ndjson(*rows)).json()["rejects"]
    assert len({(reject["code"], reject["reason"]) for reject in rejects}) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "system"), ("?system=nowhere", "system"), ("?system=file&dry_run=perhaps", "dry_run"),
     ("?system=file&dryrun=true", "dryrun"), ("?system=file&unit=HNCS", "unit")],
)  # fmt: skip
def test_invalid_option_is_refused_with_an_error_at_its_name(
    cast: Cast, query: str, field: str
) -> None:
    response = _send(cast.division_admin, _ndjson(VALID_ROW), query)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", NDJSON),
        (b"", CSV),
        (b"", JSON),
        (b"{}", JSON),
        (b"a,b\n1,2\n", CSV),
        (b"\x00\x01\x02", CSV),
        (b"PK\x03\x04", CSV),
    ],
)
def test_unreadable_body_is_refused_as_a_whole(cast: Cast, body: bytes, content_type: str) -> None:
    response = _send(cast.division_admin, body, content_type=content_type)
    assert response.status_code == HTTPStatus.BAD_REQUEST, response.content
    assert response.json()["code"] not in {"invalid", "error", "unreadable"}
    assert not ImportBatch.objects.exists()


def test_body_over_the_limit_is_refused_without_reading_it(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_BULK_MAX_BYTES = 10

    def fail(*_: object) -> bytes:
        raise AssertionError("the body was read")

    monkeypatch.setattr(HttpRequest, "read", fail)
    response = _send(cast.division_admin, _ndjson(VALID_ROW))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_chunked_body_without_a_length_is_refused(cast: Cast) -> None:
    client = key_client(cast.division_admin)
    response = client.post(
        BULK_URL + "?system=file",
        b"",
        content_type=NDJSON,
        headers={"Transfer-Encoding": "chunked"},
    )
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("content_type", [NDJSON, JSON])
def test_body_is_never_read_as_a_whole(
    cast: Cast,
    customer: Customer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    content_type: str,
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    sizes: list[int] = []
    read = HttpRequest.read

    def recording_read(self: HttpRequest, *size: int) -> bytes:
        sizes.extend(size or (-1,))
        return read(self, *size)

    monkeypatch.setattr(HttpRequest, "read", recording_read)
    rows = [VALID_ROW | {"external_id": f"B{n}"} for n in range(100)]
    body = _ndjson(*rows) if content_type == NDJSON else json.dumps(rows)
    result = _send(cast.division_admin, body, content_type=content_type).json()
    assert result["rows_created"] == 100
    assert all(0 < size <= 2**20 for size in sizes)


def test_import_needs_the_permission(cast: Cast) -> None:
    assert _send(cast.manager, _ndjson(VALID_ROW)).status_code == HTTPStatus.FORBIDDEN
