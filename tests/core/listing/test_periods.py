"""Relative periods: the days they mean, and what is no period."""

from datetime import date

import pytest

from common.parsing.errors import UnreadableError
from core.listing.periods import parse_period

TODAY = date(2026, 2, 14)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("today", "2026-02-14", "2026-02-14"),
        ("yesterday", "2026-02-13", "2026-02-13"),
        ("last_1_day", "2026-02-14", "2026-02-14"),
        ("last_30_days", "2026-01-16", "2026-02-14"),
        ("next_7_days", "2026-02-14", "2026-02-20"),
        ("before_last_30_days", None, "2026-01-15"),
        ("this_month", "2026-02-01", "2026-02-28"),
        ("last_month", "2026-01-01", "2026-01-31"),
        ("this_quarter", "2026-01-01", "2026-03-31"),
        ("last_quarter", "2025-10-01", "2025-12-31"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
    ],
)
def test_period_means_these_days(code: str, first: str | None, last: str | None) -> None:
    days = parse_period(code).days(TODAY)
    assert [day and day.isoformat() for day in days] == [first, last]


def test_last_month_of_march_ends_in_a_leap_day() -> None:
    assert parse_period("last_month").days(date(2028, 3, 31))[1] == date(2028, 2, 29)


@pytest.mark.parametrize(
    "text", ["", "last", "last_0_days", "last_99999_days", "next_month", "this_day", "last_x_days"]
)
def test_other_text_is_no_period(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse_period(text)
