"""Counting the rows of a list, with limits, so that no count makes a page slow."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from common.statement_timeout import StatementTimeoutError, statement_timeout

MAX_EXACT_COUNT = 10_000


@dataclass(frozen=True)
class RowCount:
    """How many rows there are; if not ``is_exact``, at least so many."""

    number: int
    is_exact: bool


def count_rows(rows: QuerySet[Any]) -> RowCount:
    """Count rows, but not beyond MAX_EXACT_COUNT.

    Only their ids are selected, so that an index alone can be enough to count them.
    """
    number = rows.order_by().values("pk")[: MAX_EXACT_COUNT + 1].count()
    return RowCount(min(number, MAX_EXACT_COUNT), number <= MAX_EXACT_COUNT)


def count_rows_quickly(rows: QuerySet[Any]) -> RowCount | None:
    """Count rows like ``count_rows``; return None if it takes longer than LIST_COUNT_TIMEOUT_MS.

    A timeout of 0 is none.
    """
    try:
        with statement_timeout(settings.LIST_COUNT_TIMEOUT_MS):
            return count_rows(rows)
    except StatementTimeoutError:
        return None
