"""What all lists of the API refuse: parameters they do not have, several times, or out of range."""

from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from tests.cast import Cast
from tests.core.api import key_client

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


def test_parameter_of_several_values_is_accepted_twice(cast: Cast) -> None:
    response = key_client(cast.executive).get("/api/v1/customers/?stage=signed&stage=lost")
    assert response.status_code == HTTPStatus.OK
