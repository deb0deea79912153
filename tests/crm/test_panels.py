"""Panels and widgets of this app: contents and number of queries."""

import typing
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import acting
from accounts.acting import Channel
from accounts.models import User
from core.composition import HomeWidget
from core.history import latest_changes, state_at
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.fields import CUSTOMER_FIELDS
from crm.models import Customer, Grade
from crm.panels import Basics, Portfolio, Transactions
from crm.selectors.revenue import Month, month_to_date, months_back, revenue_of
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.history import fixture_changes

TODAY = date(2026, 11, 23)


def request_of(user: User) -> AuthedRequest:
    """Return a request of a user whose unit and role are already loaded."""
    request = RequestFactory().get("/")
    request.user = User.objects.select_related("unit", "role").get(pk=user.pk)
    return typing.cast("AuthedRequest", request)


def count_queries(
    panel: CustomerPanel | HomeWidget, request: AuthedRequest, *customers: Customer
) -> int:
    """Count the queries of a panel or widget, including those of its template."""
    with CaptureQueriesContext(connection) as captured:
        context: dict[str, Any] = panel.context(request, *customers)
        render_to_string(panel.template, {"panel": panel, "widget": panel, **context})
    return len(captured)


@pytest.mark.parametrize("rows", [2, 20])
@pytest.mark.parametrize("panel", [Basics(), Transactions()], ids=lambda panel: panel.slug)
def test_panel_keeps_its_query_budget(cast: Cast, panel: CustomerPanel, rows: int) -> None:
    parent = make_customer(cast.lanzhou)
    customer = make_customer(cast.lanzhou, owner=cast.manager, parent=parent)
    batch = make_batch(cast.sysadmin)
    for number in range(rows):
        make_customer(cast.lanzhou, parent=customer, owner=cast.manager)
        make_transaction(customer, on=date(2026, 1 + number % 9, 3), amount="10", batch=batch)
        update_customer(
            customer_id=customer.pk, actor=cast.head, name=f"{number}", owner=cast.manager
        )
    related = ("grade", "industry", "source", "category", "owner", "unit")
    customer = Customer.objects.select_related(*related).get(pk=customer.pk)
    assert count_queries(panel, request_of(cast.head), customer) <= panel.query_budget


@pytest.mark.parametrize("user_name", ["manager", "head"])
@pytest.mark.parametrize("rows", [2, 20])
def test_portfolio_keeps_its_query_budget(cast: Cast, user_name: str, rows: int) -> None:
    batch = make_batch(cast.sysadmin)
    for _ in range(rows):
        customer = make_customer(cast.lanzhou, owner=cast.manager)
        make_transaction(customer, on=TODAY, amount="10", batch=batch)
    assert (
        count_queries(Portfolio(), request_of(getattr(cast, user_name))) <= Portfolio.query_budget
    )


def test_portfolio_has_a_managers_own_customers_and_all_customers_a_head_sees(
    cast: Cast,
) -> None:
    make_customer(cast.lanzhou, owner=cast.manager)
    make_customer(cast.lanzhou, owner=cast.manager, stage="lost")
    make_customer(cast.lanzhou)
    make_customer(cast.tianshui)
    make_customer(cast.changsha, owner=cast.stranger)
    for user_name, total in {"manager": 2, "head": 4, "other_head": 1, "executive": 5}.items():
        portfolio = Portfolio().context(request_of(getattr(cast, user_name)))["portfolio"]
        assert portfolio.total == total, user_name
    manager = Portfolio().context(request_of(cast.manager))["portfolio"]
    assert {item.stage.value: item.count for item in manager.stages if item.count} == {
        "signed": 1,
        "lost": 1,
    }


def test_month_to_date_compares_with_the_same_days_of_last_month(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    hidden_customer = make_customer(cast.changsha, owner=cast.stranger)
    batch = make_batch(cast.sysadmin)
    for day, amount in {
        date(2026, 9, 30): "1000",
        date(2026, 10, 1): "50",
        date(2026, 10, 23): "30",
        date(2026, 10, 24): "7",
        date(2026, 11, 1): "100",
        date(2026, 11, 23): "-20",
        date(2026, 11, 24): "4000",
    }.items():
        make_transaction(customer, on=day, amount=amount, batch=batch)
        make_transaction(hidden_customer, on=day, amount=amount.replace("-", "-9"), batch=batch)
    revenue = month_to_date(cast.manager, today=TODAY, own_only=True)
    amounts = [Decimal(80), Decimal(80), Decimal(87)]
    assert [revenue.this_month, revenue.last_month_to_date, revenue.last_month] == amounts
    assert revenue.growth == 0


def test_revenue_is_net_of_refunds_by_month_and_by_rolling_year(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    batch = make_batch(cast.sysadmin)
    for day, amount in {
        date(2024, 11, 23): "9999",  # a day too early for the previous 12 months
        date(2024, 11, 24): "100",
        date(2025, 11, 23): "100",
        date(2025, 11, 24): "300.50",
        date(2026, 11, 5): "40",
        date(2026, 11, 9): "-15.25",
        date(2026, 12, 1): "8888",  # after today
    }.items():
        make_transaction(customer, on=day, amount=amount, batch=batch)
    revenue = revenue_of(customer, today=TODAY)
    assert revenue is not None
    assert (revenue.as_of, revenue.has_ended) == (TODAY, False)
    assert (revenue.last_12_months, revenue.previous_12_months) == (
        Decimal("325.25"),
        Decimal("200.00"),
    )
    assert revenue.growth == Decimal("0.626")
    assert len(revenue.months) == 24
    assert revenue.months[0].first_day == date(2024, 12, 1)
    assert revenue.months[-1] == Month(date(2026, 11, 1), Decimal("24.75"), Decimal("-15.25"))
    # November 2025: both sides of the day on which the last twelve months begin.
    assert revenue.months[11].net == Decimal("400.50")


def test_revenue_of_a_former_customer_ends_with_the_last_transaction(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    batch = make_batch(cast.sysadmin)
    make_transaction(customer, on=date(1998, 6, 30), amount="25", batch=batch)
    revenue = revenue_of(customer, today=TODAY)
    assert revenue is not None
    assert (revenue.as_of, revenue.has_ended) == (date(1998, 6, 30), True)
    assert revenue.months[-1].net == Decimal("25.00")
    assert (revenue.last_12_months, revenue.previous_12_months) == (Decimal(25), Decimal(0))
    assert revenue.growth is None


def test_revenue_without_transactions_is_none(cast: Cast) -> None:
    assert revenue_of(make_customer(cast.lanzhou), today=TODAY) is None


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 11, 1), 23, date(2024, 12, 1)),
    ],
)
def test_months_back_keeps_the_day_or_takes_the_last_of_the_month(
    day: date, months: int, expected: date
) -> None:
    assert months_back(day, months) == expected


def test_changes_have_user_channel_reason_and_fields(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, name="旧名", owner=cast.manager)
    with acting.request_channel(Channel.API):
        update_customer(
            customer_id=customer.pk,
            actor=cast.head,
            reason="三年大单",
            grade=Grade.objects.get(code="A"),
            name="新名",
            stage="developed",
        )
    change, created = latest_changes(cast.manager, customer, limit=5, fields=CUSTOMER_FIELDS)
    assert (change.user_name, str(change.channel), change.reason) == (
        "Hana Head",
        "through the API",
        "三年大单",
    )
    assert [(str(field.label), field.before, field.after) for field in change.fields] == [
        ("customer name", "旧名", "新名"),
        ("stage", "Signed", "Developed"),
        ("customer grade", "", "A Key"),
    ]
    assert (created.is_created, created.fields) == (True, [])


def test_changes_do_not_name_hidden_records(cast: Cast) -> None:
    hidden_parent = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.changsha, owner=cast.stranger, parent=hidden_parent)
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(
            unit=cast.lanzhou, owner=cast.manager, parent=None
        )
    customer.refresh_from_db()
    change = latest_changes(cast.manager, customer, limit=5, fields=CUSTOMER_FIELDS)[0]
    assert {str(field.label): field.before for field in change.fields} == {
        "account manager": "outside your units",
        "unit": "outside your units",
        "parent group": "outside your units",
    }


def test_state_at_returns_the_values_of_a_version(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, name="一")
    update_customer(customer_id=customer.pk, actor=cast.head, name="二")
    update_customer(customer_id=customer.pk, actor=cast.head, name="三")
    states = [state_at(customer, version) for version in (1, 2, 3, 4)]
    assert [state and state.name for state in states] == ["一", "二", "三", None]
