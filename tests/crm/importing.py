"""Imports from a text in the test, and what the tests compare of their results."""

import io
from importlib.metadata import files
from pathlib import Path
from typing import Any, NamedTuple

from accounts.models import User
from common.files import CsvSource
from crm.models import Transaction
from crm.services.importing import (
    ImportOptions,
    ImportResult,
    import_customers,
    import_interactions,
    import_transactions,
)

CDNOW_PATH = "lifetimes/datasets/CDNOW_sample.txt"


def import_transactions_csv(text: str, actor: User, **options: Any) -> ImportResult:
    """Import transactions from CSV text; ``options`` are those of ImportOptions."""
    source = CsvSource(io.BytesIO(text.encode()), name="sent.csv")
    return import_transactions(source=source, actor=actor, options=ImportOptions(**options))


def import_customers_csv(text: str, actor: User, **options: Any) -> ImportResult:
    """Import customers from CSV text; ``options`` are those of ImportOptions."""
    source = CsvSource(io.BytesIO(text.encode()), name="sent.csv")
    return import_customers(source=source, actor=actor, options=ImportOptions(**options))


def import_interactions_csv(text: str, actor: User, **options: Any) -> ImportResult:
    """Import interactions from CSV text; ``options`` are those of ImportOptions."""
    source = CsvSource(io.BytesIO(text.encode()), name="sent.csv")
    return import_interactions(source=source, actor=actor, options=ImportOptions(**options))


class RowCounts(NamedTuple):
    """The numbers of rows that an import created, changed, left unchanged and rejected."""

    created: int
    changed: int
    unchanged: int
    rejected: int


def row_counts(result: ImportResult) -> RowCounts:
    """Return the result's numbers of rows; the tests compare them with a tuple of four."""
    return RowCounts(
        created=result.rows_created,
        changed=result.rows_changed,
        unchanged=result.rows_unchanged,
        rejected=result.rows_rejected,
    )


def rejects(result: ImportResult) -> list[tuple[int, str, str]]:
    """Return line, column and reason code of each reject: ``[(3, "amount", "missing")]``."""
    return [(reject.line, reject.column, reject.code) for reject in result.first_rejects]


def stored_transactions() -> list[tuple[str, str, str]]:
    """Return customer code, date and amount of every transaction, in this order."""
    rows = Transaction.objects.order_by("customer__code", "occurred_on", "amount", "external_id")
    return [(row.customer.code, row.occurred_on.isoformat(), str(row.amount)) for row in rows]


def cdnow_sample() -> list[tuple[str, str, str]]:
    """Return customer, date and amount of the 6,919 purchases of the CDNOW sample, as texts.

    One is ``("0004", "19970101", "29.33")``. The file is described in ``segmentation/cdnow.py``.
    """
    sample_path = next(path for path in files("lifetimes") or [] if str(path) == CDNOW_PATH)
    lines = Path(str(sample_path.locate())).read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    return [(row[0], row[2], row[4]) for row in rows]
