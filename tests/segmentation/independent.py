"""The same scoring again, in pandas and plain Python, written from docs/scoring.md alone.

Nothing here comes from the product: thresholds, the grid and the names are typed again, so that a
slip in either place shows.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

GRID = """
new        potential_loyalist potential_loyalist champions   champions
promising  potential_loyalist potential_loyalist loyal       champions
about_to_sleep about_to_sleep need_attention     loyal       loyal
hibernating hibernating       at_risk            at_risk     at_risk
lost       hibernating        at_risk            cannot_lose cannot_lose
"""
ROWS = [line.split() for line in GRID.strip().splitlines()]
ACTION = {(1, 1): "value", (1, 0): "develop", (0, 1): "keep", (0, 0): "winback"}


def quintile(values: pd.Series) -> pd.Series:
    """1 + how many fifths of the others are smaller; equal values share it; 5 at most.

    Integers all the way: (customers that are smaller) * 5 div (customers - 1).
    """
    smaller = values.rank(method="min").astype("int64") - 1
    others = max(len(values) - 1, 1)
    return (smaller * 5 // others + 1).clip(upper=5)


def expected(purchases: pd.DataFrame, as_of: date, window: int = 365) -> pd.DataFrame:
    """Return one row per customer with what the product ought to find."""
    day = pd.Timestamp(as_of)
    known = purchases[purchases["day"] < day]
    bought = known[known["cents"] >= 0]
    result = pd.DataFrame(
        {
            "first_on": bought.groupby("customer")["day"].min(),
            "last_on": bought.groupby("customer")["day"].max(),
            "purchase_days": bought.groupby("customer")["day"].nunique(),
        }
    )
    result["recency_days"] = (day - result["last_on"]).dt.days
    result["frequency"] = _count(bought, day, window, 0, result.index)
    result["monetary"] = _sum(known, day, window, 0, result.index)
    result["last_quarter"] = _sum(known, day, 90, 0, result.index)
    result["previous_quarter"] = _sum(known, day, 180, 90, result.index)
    result["r"] = quintile(-result["recency_days"])
    result["f"] = quintile(result["frequency"])
    result["m"] = quintile(result["monetary"])
    result["segment_intl"] = [
        ROWS[5 - row.r][int(np.floor((row.f + row.m) / 2 + 0.5)) - 1] for row in _rows(result)
    ]
    high = {
        key: result[key] * len(result) >= result[key].sum()  # at the mean or above, in integers
        for key in ("r", "f", "m")
    }
    result["segment_cn"] = [
        ("important_" if m else "general_") + ACTION[int(r), int(f)]
        for r, f, m in zip(high["r"], high["f"], high["m"], strict=True)
    ]
    flags = [_flag(row) for row in _rows(result)]
    result["level"] = [level for level, _ in flags]
    result["reasons"] = [reasons for _, reasons in flags]
    return result


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return frame.itertuples()


def _between(frame: pd.DataFrame, day: pd.Timestamp, start: int, end: int) -> pd.DataFrame:
    age = (day - frame["day"]).dt.days
    chosen: pd.DataFrame = frame.loc[(age <= start) & (age > end)]
    return chosen


def _count(
    frame: pd.DataFrame, day: pd.Timestamp, start: int, end: int, index: pd.Index
) -> pd.Series:
    counted = _between(frame, day, start, end).groupby("customer").size()
    return counted.reindex(index, fill_value=0)


def _sum(
    frame: pd.DataFrame, day: pd.Timestamp, start: int, end: int, index: pd.Index
) -> pd.Series:
    summed = _between(frame, day, start, end).groupby("customer")["cents"].sum()
    return summed.reindex(index, fill_value=0)


def _flag(row: Any) -> tuple[int, list[str]]:
    silent = very = False
    if row.purchase_days >= 3:
        span = (row.last_on - row.first_on).days
        gaps = Fraction(row.recency_days * (row.purchase_days - 1), span)
        silent = gaps >= 2 and row.recency_days >= 14
        very = silent and gaps >= 4
    dropped = row.previous_quarter >= 100_00 and row.last_quarter * 10 < row.previous_quarter * 6
    reasons = ["silence"] * silent + ["drop"] * dropped
    return 2 if very or len(reasons) == 2 else len(reasons), reasons
