"""Counting rows: exactly up to a limit, and not for longer than a list waits."""

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import Settings

from core.listing.counting import MAX_EXACT_COUNT, RowCount, count_rows, count_rows_quickly
from crm.models import Customer
from tests.cast import Cast
from tests.crm.factories import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers(cast: Cast) -> QuerySet[Customer]:
    for number in range(3):
        make_customer(cast.lanzhou, code=f"C{number}")
    return Customer.objects.all()


def test_count_is_exact_only_up_to_a_limit(
    customers: QuerySet[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_EXACT_COUNT == 10_000
    monkeypatch.setattr("core.listing.counting.MAX_EXACT_COUNT", 3)
    assert count_rows(customers) == RowCount(3, is_exact=True)
    monkeypatch.setattr("core.listing.counting.MAX_EXACT_COUNT", 2)
    assert count_rows(customers) == RowCount(2, is_exact=False)


@pytest.mark.parametrize("milliseconds", [0, 600_000])
def test_quick_count_is_that_of_all_rows(
    customers: QuerySet[Customer], settings: Settings, milliseconds: int
) -> None:
    settings.LIST_COUNT_TIMEOUT_MS = milliseconds
    assert count_rows_quickly(customers) == RowCount(3, is_exact=True)
    assert statement_timeout() == "0"


def test_quick_count_gives_up_a_slow_count_and_nothing_else(
    customers: QuerySet[Customer], settings: Settings
) -> None:
    settings.LIST_COUNT_TIMEOUT_MS = 10
    slow = customers.extra(where=["pg_sleep(600) IS NOT NULL"])
    assert count_rows_quickly(slow) is None
    assert statement_timeout() == "0"
    assert customers.count() == 3


def statement_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str((cursor.fetchone() or ("",))[0])
