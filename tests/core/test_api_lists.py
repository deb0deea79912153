"""What all lists of the API refuse: parameters they do not have, several times, or out of range."""

from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer

LISTS = [
    "billing-systems", "categories", "complaints", "customers", "grades", "industries",
    "interactions", "jobs", "notices", "saved-views", "scores", "scoring-runs", "sources",
    "transactions", "units", "users",
]  # fmt: skip


def _refused(user: User, address: str) -> dict[str, Any]:
    """Return the errors of a refused request."""
    response = key_client(user).get(f"/api/v1/{address}")
    assert response.status_code == HTTPStatus.BAD_REQUEST, response.content
    body = response.json()
    assert body["code"] == "invalid"
    errors: dict[str, Any] = body["errors"]
    return errors


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", ["0", "-1", "501", "ten", "1.5", "٣", "9" * 30])
def test_page_size_that_is_no_number_of_rows_is_refused(cast: Cast, name: str, size: str) -> None:
    errors = _refused(cast.executive, f"{name}/?page_size={size}")
    assert errors == {"page_size": ["Give a whole number from 1 to 500."]}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["page_size=1", "page_size=500", "page_size=", ""])
def test_page_size_in_range_is_accepted(cast: Cast, name: str, query: str) -> None:
    response = key_client(cast.executive).get(f"/api/v1/{name}/?{query}")
    assert response.status_code == HTTPStatus.OK, response.content


@pytest.mark.parametrize("name", LISTS)
def test_unknown_parameters_are_all_named(cast: Cast, name: str) -> None:
    errors = _refused(cast.executive, f"{name}/?colour=red&size=2&colour=blue")
    assert errors == {key: ["There is no such field."] for key in ("colour", "size")}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("parameter", ["cursor", "page_size"])
def test_parameter_of_every_list_given_twice_is_refused(
    cast: Cast, name: str, parameter: str
) -> None:
    errors = _refused(cast.executive, f"{name}/?{parameter}=5&{parameter}=5")
    assert errors == {parameter: ["Give this only once."]}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query", ["where=any()&where=all()", "where=&where=", "sort=id&sort=-id", "sort=&sort="]
)
def test_order_and_groups_given_twice_are_refused(cast: Cast, name: str, query: str) -> None:
    errors = _refused(cast.executive, f"{name}/?{query}")
    assert "Give this only once." in errors[query.partition("=")[0]]


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("customers/?where=any(stage=lost)&where=any(stage=signed)", "where"),
        ("complaints/?where=any(state=closed)&where=any(owner=mine)", "where"),
        ("customers/?q=a&q=b", "q"),
        ("customers/?updated_at__gte=2026-01-01&updated_at__gte=2026-02-01", "updated_at__gte"),
        ("transactions/?date__gte=2026-01-01&date__gte=2026-02-01", "date__gte"),
        ("notices/?unread=true&unread=false", "unread"),
        ("scores/?as_of=2026-01-01&as_of=2026-01-02", "as_of"),
    ],
)
def test_parameter_of_one_value_given_twice_is_refused(
    cast: Cast, address: str, parameter: str
) -> None:
    errors = _refused(cast.executive, address)
    assert "Give this only once." in errors[parameter]


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("where=any(any(any(any(stage=lost))))", "where", "4 levels"),
        (f"where={';'.join(['stage=lost'] * 41)}", "where", "40 are possible"),
        (f"where={';'.join(['no.complaints()'] * 6)}", "where", "5 are possible"),
        (f"where=any(stage={','.join(['lost'] * 501)})", "where", "500 are possible"),
        (f"where=any(code={'x' * 201})", "where", "Too long"),
        (f"where=any(code={'x' * 4000})", "where", "4000 characters"),
        ("&".join(["stage=lost"] * 501), "stage", "500 are possible"),
        (f"code={'x' * 201}", "code", "Too long"),
    ],
)
def test_query_that_is_too_large_is_refused(
    cast: Cast, query: str, name: str, message: str
) -> None:
    errors = _refused(cast.executive, f"customers/?{query}")
    assert list(errors) == [name]
    assert message in errors[name][0]


def test_files_of_a_record_are_a_list_like_others(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    address = f"customers/{customer.pk}/files/"
    for query, name in (
        ("page_size=0", "page_size"), ("sort=id&sort=id", "sort"), ("colour=red", "colour"),
        ("where=any(a=1)", "where"), ("cursor=x", "cursor"),
    ):  # fmt: skip
        assert list(_refused(cast.executive, f"{address}?{query}")) == [name]


def test_every_list_of_the_api_is_tested_here(cast: Cast) -> None:
    paths = key_client(cast.executive).get("/api/v1/schema/").json()["paths"]
    lists = {
        path.removeprefix("/api/v1/").rstrip("/")
        for path, operations in paths.items()
        if operations.get("get", {}).get("operationId", "").endswith("_list")
    }
    files = {path for path in lists if path.endswith("/files")}
    assert len(files) == 3  # of customers, interactions and complaints: one declaration
    assert lists - files == set(LISTS)


def test_parameter_of_several_values_is_accepted_twice(cast: Cast) -> None:
    response = key_client(cast.executive).get("/api/v1/customers/?stage=signed&stage=lost")
    assert response.status_code == HTTPStatus.OK
