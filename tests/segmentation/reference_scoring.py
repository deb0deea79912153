"""A second implementation of scoring, in pandas and plain Python, written from docs/scoring.md.

It imports nothing of the product: thresholds, the grid and the names are repeated here, so that a
mistake in either place makes the tests fail. Amounts are integers in cents, periods in days.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

# Rows: R from 5 down to 1. Columns: (F + M) / 2, rounded half up, from 1 to 5.
INTERNATIONAL_GRID = """
new        potential_loyalist potential_loyalist champions   champions
promising  potential_loyalist potential_loyalist loyal       champions
about_to_sleep about_to_sleep need_attention     loyal       loyal
hibernating hibernating       at_risk            at_risk     at_risk
lost       hibernating        at_risk            cannot_lose cannot_lose
"""
INTERNATIONAL_ROWS = [line.split() for line in INTERNATIONAL_GRID.strip().splitlines()]
# (R is high, F is high) → the second half of the Chinese segment's code.
CHINESE_ACTIONS = {(1, 1): "value", (1, 0): "develop", (0, 1): "keep", (0, 0): "winback"}


def quintile(values: pd.Series) -> pd.Series:
    """Return 1 + 5 * (customers with a smaller value) div (customers - 1), at most 5.

    Equal values get the same score. All arithmetic is in integers.
    """
    smaller = values.rank(method="min").astype("int64") - 1
    others = max(len(values) - 1, 1)
    return (smaller * 5 // others + 1).clip(upper=5)


def expected_scores(purchases: pd.DataFrame, as_of: date, window: int = 365) -> pd.DataFrame:
    """Return one row per customer with the scores the product must compute.

    ``purchases`` has the columns of ``cdnow.read_sample``. The index of the result is the customer;
    ``last_quarter`` and ``previous_quarter`` are revenues of 90 days each.
    """
    day = pd.Timestamp(as_of)
    transactions = purchases[purchases["day"] < day]
    orders = transactions[transactions["cents"] >= 0]
    result = pd.DataFrame(
        {
            "first_on": orders.groupby("customer")["day"].min(),
            "last_on": orders.groupby("customer")["day"].max(),
            "purchase_days": orders.groupby("customer")["day"].nunique(),
        }
    )
    result["recency_days"] = (day - result["last_on"]).dt.days
    result["frequency"] = _count(orders, day, window, 0, result.index)
    result["monetary"] = _sum(transactions, day, window, 0, result.index)
    result["last_quarter"] = _sum(transactions, day, 90, 0, result.index)
    result["previous_quarter"] = _sum(transactions, day, 180, 90, result.index)
    result["r"] = quintile(-result["recency_days"])
    result["f"] = quintile(result["frequency"])
    result["m"] = quintile(result["monetary"])
    result["segment_intl"] = [
        INTERNATIONAL_ROWS[5 - row.r][int(np.floor((row.f + row.m) / 2 + 0.5)) - 1]
        for row in _rows(result)
    ]
    high = {
        key: result[key] * len(result) >= result[key].sum()  # at the mean or above, in integers
        for key in ("r", "f", "m")
    }
    result["segment_cn"] = [
        ("important_" if m else "general_") + CHINESE_ACTIONS[int(r), int(f)]
        for r, f, m in zip(high["r"], high["f"], high["m"], strict=True)
    ]
    flags = [_flag(row) for row in _rows(result)]
    result["level"] = [level for level, _ in flags]
    result["reasons"] = [reasons for _, reasons in flags]
    return result


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return frame.itertuples()


def _between(frame: pd.DataFrame, day: pd.Timestamp, oldest: int, newest: int) -> pd.DataFrame:
    """Return the rows that are at most ``oldest`` and more than ``newest`` days old on ``day``."""
    age = (day - frame["day"]).dt.days
    rows: pd.DataFrame = frame.loc[(age <= oldest) & (age > newest)]
    return rows


def _count(
    frame: pd.DataFrame, day: pd.Timestamp, oldest: int, newest: int, index: pd.Index
) -> pd.Series:
    counted = _between(frame, day, oldest, newest).groupby("customer").size()
    return counted.reindex(index, fill_value=0)


def _sum(
    frame: pd.DataFrame, day: pd.Timestamp, oldest: int, newest: int, index: pd.Index
) -> pd.Series:
    summed = _between(frame, day, oldest, newest).groupby("customer")["cents"].sum()
    return summed.reindex(index, fill_value=0)


def _flag(row: Any) -> tuple[int, list[str]]:
    """Return the churn level (0 none, 1 watch, 2 high) and its reasons.

    ``silence`` is at least twice the usual gap between purchases (four times makes level 2), and
    ``drop`` is a quarter below 60 % of a previous one of at least 100.00.
    """
    is_silent = is_very_silent = False
    if row.purchase_days >= 3:
        span = (row.last_on - row.first_on).days
        silence_in_gaps = Fraction(row.recency_days * (row.purchase_days - 1), span)
        is_silent = silence_in_gaps >= 2 and row.recency_days >= 14
        is_very_silent = is_silent and silence_in_gaps >= 4
    has_dropped = (
        row.previous_quarter >= 100_00 and row.last_quarter * 10 < row.previous_quarter * 6
    )
    reasons = ["silence"] * is_silent + ["drop"] * has_dropped
    return 2 if is_very_silent or len(reasons) == 2 else len(reasons), reasons
