"""Scores over the REST API."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from crm.models import Customer
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer
from tests.crm.importing import import_transactions_csv
from tests.segmentation.factories import make_published_run

URL = "/api/v1/scores/"
TODAY = date(2026, 7, 1)


@pytest.fixture
def customers(cast: Cast) -> None:
    """Two customers of Gansu, of which LOST bought every ten days until it fell silent."""
    make_customer(cast.lanzhou, code="LOST", owner=cast.manager)
    make_customer(cast.tianshui, code="OTHER")
    days = [date(2025, 9, 1) + timedelta(days=10 * number) for number in range(12)]
    rows = [f"LOST,{day},100" for day in days] + ["OTHER,2026-06-30,7.5"]
    text = "customer,date,amount\n" + "\n".join(rows) + "\n"
    import_transactions_csv(text, cast.division_admin)


def scores(cast_user: Any, query: str = "") -> list[dict[str, Any]]:
    """Return the scores that a user reads."""
    response = key_client(cast_user).get(URL + query)
    assert response.status_code == HTTPStatus.OK, response.content
    results: list[dict[str, Any]] = response.json()["results"]
    return results


@pytest.mark.usefixtures("customers")
def test_scores_of_the_current_run_are_read_with_their_reasons(cast: Cast) -> None:
    assert scores(cast.head) == []
    make_published_run(TODAY - timedelta(days=1))
    make_published_run(TODAY)
    (lost,) = scores(cast.manager)
    assert (lost["customer"], lost["as_of"], lost["flag"]) == ("LOST", "2026-07-01", 2)
    assert lost["monetary"] == "1200.00"
    assert lost["reasons"][0]["code"] == "silence"
    assert lost["reasons"][0]["text"].startswith("Silent for")
    assert [score["customer"] for score in scores(cast.head)] == ["OTHER", "LOST"]
    assert scores(cast.stranger) == []


@pytest.mark.usefixtures("customers")
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("?customer=LOST", ["LOST"]),
        ("?customer__not=LOST", ["OTHER"]),
        ("?customer=LOST&customer=OTHER", ["OTHER", "LOST"]),
        ("?customer=lost", []),
        ("?flag=2", ["LOST"]),
        ("?flag=0", ["OTHER"]),
        ("?flag=0&flag=2&sort=customer_id", ["LOST", "OTHER"]),
        ("?flag__not=2", ["OTHER"]),
        ("?where=any(flag=2;segment__not=general_keep)", ["OTHER", "LOST"]),
        ("?as_of=2026-06-30", ["LOST"]),
        ("?as_of=2020-01-01", []),
    ],
)
def test_each_filter_restricts_the_scores(cast: Cast, query: str, codes: list[str]) -> None:
    make_published_run(TODAY - timedelta(days=1))
    make_published_run(TODAY)
    assert [score["customer"] for score in scores(cast.head, query)] == codes


@pytest.mark.usefixtures("customers")
def test_wrong_values_are_refused_by_name(cast: Cast) -> None:
    for query in (
        "?flag=9",
        "?as_of=yesterday",
        "?segment=x",
        "?where=as_of=2026-06-30",
        "?cursor=x",
    ):
        response = key_client(cast.head).get(URL + query)
        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert list(response.json()["errors"]) == [query[1:].partition("=")[0]]


@pytest.mark.usefixtures("customers")
@pytest.mark.parametrize("query", ["", "&as_of=2026-06-30"])
def test_pages_have_each_customer_of_the_run_once(cast: Cast, query: str) -> None:
    import_transactions_csv("customer,date,amount\nOTHER,2026-06-01,5\n", cast.division_admin)
    make_published_run(TODAY - timedelta(days=1))
    make_published_run(TODAY)
    client = key_client(cast.head)
    first = client.get(f"{URL}?page_size=1{query}").json()
    second = client.get(first["next"]).json()
    pages = [first["results"], second["results"]]
    assert [[score["customer"] for score in page] for page in pages] == [["OTHER"], ["LOST"]]
    assert {score["as_of"] for page in pages for score in page} == {query[-10:] or "2026-07-01"}
    assert second["next"] is None
    assert client.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("rows", [2, 20])
def test_scores_take_the_same_queries_at_any_length(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        make_customer(cast.lanzhou, code=f"C{number}")
    lines = [f"{code},2026-06-30,5" for code in Customer.objects.values_list("code", flat=True)]
    import_transactions_csv("customer,date,amount\n" + "\n".join(lines), cast.division_admin)
    make_published_run(TODAY)
    client = key_client(cast.head)
    with django_assert_num_queries(4):  # the key with its user; the current run; ids; the page
        assert len(client.get(URL).json()["results"]) == rows
