"""The list of interactions, and what interactions add to the list of customers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from crm.models import Customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer, make_interaction
from tests.crm.test_custom_fields import make_custom_field
from tests.history import fixture_changes

URL = "/interactions/"
MAX_QUERIES = 17


def contents(client: Client, query: str) -> list[str]:
    """Return what was said in the interactions of the list, in order; the address has no faults."""
    shown = client.get(URL + query).context["list"]
    assert shown.problems == []
    return [row.content for row, _cells in shown.rows]


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN", name="兰州华天科技", owner=cast.manager)


@pytest.fixture
def _interactions(cast: Cast, customer: Customer) -> None:
    now = timezone.now()
    by_agent = {"channel": "visit", "direction": "inbound", "phase": "after_sale"}
    make_interaction(customer, cast.manager, at=now - timedelta(days=40), content="old call")
    make_interaction(customer, cast.agent, at=now - timedelta(days=9), content="visit", **by_agent)
    make_interaction(customer, cast.manager, at=now, content="today", outcome="同意续约")
    colleagues = make_customer(cast.lanzhou, owner=cast.colleague)
    make_interaction(colleagues, cast.colleague, content="colleague")
    make_interaction(make_customer(cast.changsha), cast.stranger, content="hidden")


@pytest.mark.usefixtures("_interactions")
@pytest.mark.parametrize(
    ("login_name", "query", "expected"),
    [
        ("manager", "", ["today", "old call"]),
        ("manager", "?view=unit", ["today", "old call"]),
        ("manager", "?view=all", ["today", "visit", "old call"]),
        ("head", "", []),
        ("head", "?view=unit", ["colleague", "today", "visit", "old call"]),
        ("head", "?view=all&customer=OWN", ["today", "visit", "old call"]),
        ("head", "?view=all&channel=visit", ["visit"]),
        ("head", "?view=all&direction=inbound&phase=after_sale", ["visit"]),
        ("head", "?view=all&user=agent", ["visit"]),
        ("head", "?view=all&occurred_at__period=last_30_days", ["colleague", "today", "visit"]),
        ("head", "?view=all&occurred_at__period=before_last_30_days", ["old call"]),
        ("head", "?view=all&unit=GSLZ", ["colleague", "today", "old call"]),
        ("head", "?view=all&q=续约", ["today"]),
        ("head", "?view=all&q=call", ["old call"]),
        ("executive", "?view=all&q=hidden", ["hidden"]),
        ("head", "?view=all&sort=occurred_at&customer=OWN", ["old call", "visit", "today"]),
    ],
)
def test_list_has_the_visible_interactions_that_match(
    cast: Cast, login: Login, login_name: str, query: str, expected: list[str]
) -> None:
    assert contents(login(getattr(cast, login_name)), query) == expected


def test_next_step_is_open_until_the_customer_is_contacted_again(
    cast: Cast, customer: Customer, login: Login
) -> None:
    now, today = timezone.now(), timezone.localdate()
    other = make_customer(cast.lanzhou, owner=cast.manager)
    steps = [
        (customer, 30, "done since", -20),
        (customer, 10, "overdue", -1),
        (other, 5, "due", 6),
        (make_customer(cast.lanzhou, owner=cast.manager), 1, "later", 7),
        (make_customer(cast.lanzhou, owner=cast.manager), 1, "none", None),
    ]
    for owner, days_ago, content, due in steps:
        planned: dict[str, Any] = {}
        if due is not None:
            planned = {"next_step": "电话", "next_step_on": today + timedelta(days=due)}
        at = now - timedelta(days=days_ago)
        make_interaction(owner, cast.manager, at=at, content=content, **planned)
    client = login(cast.manager)
    assert contents(client, "?next_step=overdue") == ["overdue"]
    assert contents(client, "?next_step=next_7_days") == ["due"]
    assert contents(client, "?next_step=open") == ["later", "due", "overdue"]
    assert contents(client, "?sort=next_step_on")[:3] == ["done since", "overdue", "due"]


def test_empty_tab_offers_what_helps(cast: Cast, login: Login) -> None:
    page = login(cast.head).get(URL).content.decode()
    assert "Nothing here" in page
    assert "/interactions/new/" in page
    searched = login(cast.executive).get(f"{URL}?q=abc").content.decode()
    assert "Look in all interactions" in searched


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["What was said", "Inbound", "30 min", "My unit"]),
        ("zh-hans", ["沟通内容", "客户来访", "30 分钟", "本机构的"]),
    ],
)
def test_list_is_shown_in_the_language_of_the_user(
    cast: Cast, customer: Customer, login: Login, language: str, texts: list[str]
) -> None:
    make_interaction(customer, cast.manager, duration_minutes=30, direction="inbound")
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(language=language)
    page = login(cast.manager).get(URL).content.decode()
    assert [text for text in texts if text not in page] == []


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, customer: Customer, login: Login, rows: int
) -> None:
    for number in range(rows):
        owned = make_customer(cast.lanzhou, owner=cast.manager)
        make_interaction(owned, cast.manager, duration_minutes=number)
    client = login(cast.manager)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{URL}?view=all&q=报价")
    assert len(queries) <= MAX_QUERIES, [query["sql"][:80] for query in queries]


def test_sensitive_custom_column_is_hidden_where_its_user_may_not_see_it(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_custom_field(
        cast, "mobile", "phone", record_type="interaction", sensitive=True, in_list=True
    )
    interaction = make_interaction(
        customer, cast.manager, custom_values={"mobile": "139 0000 0000"}
    )
    for address in (f"{URL}?view=all", f"{URL}{interaction.pk}/"):
        assert "139 0000 0000" in login(cast.manager).get(address).content.decode()
        assert "139 0000 0000" not in login(cast.agent).get(address).content.decode()


def _codes(client: Client, query: str) -> list[str]:
    shown = client.get(f"/customers/{query}").context["list"]
    assert shown.problems == []
    return [row.code for row, _cells in shown.rows]


def test_customers_without_an_interaction_for_some_days_are_found(cast: Cast, login: Login) -> None:
    now = timezone.now()
    for code, days_ago in (("TALKED", 5), ("SILENT", 45), ("NEVER", None)):
        owned = make_customer(cast.lanzhou, code=code, owner=cast.manager)
        if days_ago is not None:
            at = now - timedelta(days=days_ago)
            make_interaction(owned, cast.manager, at=at, channel="visit")
    client = login(cast.manager)
    assert _codes(client, "?no_interaction=30") == ["NEVER", "SILENT"]
    assert _codes(client, "?no_interaction=60") == ["NEVER"]
    assert _codes(client, "?where=has.interactions(channel=visit)") == ["SILENT", "TALKED"]
    assert _codes(client, "?where=no.interactions(occurred_at__period=last_30_days)") == [
        "NEVER",
        "SILENT",
    ]
    page = client.get("/customers/").content.decode()
    assert "Last interaction" in page
    assert "never" in page


def test_number_of_days_must_be_a_number(cast: Cast, login: Login) -> None:
    shown = login(cast.manager).get("/customers/?no_interaction=x").context["list"]
    assert [problem.name for problem in shown.problems] == ["no_interaction"]
