"""Helpers to import from tests and to look at the results."""

import io
from importlib.metadata import files
from pathlib import Path
from typing import Any

from accounts.models import User
from common.files import CsvSource
from crm.models import Transaction
from crm.services.importing import (
    ImportOptions,
    ImportResult,
    import_customers,
    import_transactions,
)

CDNOW_PATH = "lifetimes/datasets/CDNOW_sample.txt"


def send_transactions(text: str, actor: User, **options: Any) -> ImportResult:
    """Import transactions from CSV text; ``options`` are those of ImportOptions."""
    source = CsvSource(io.BytesIO(text.encode()), name="sent.csv")
    return import_transactions(source=source, actor=actor, options=ImportOptions(**options))


def send_customers(text: str, actor: User, **options: Any) -> ImportResult:
    """Import customers from CSV text; ``options`` are those of ImportOptions."""
    source = CsvSource(io.BytesIO(text.encode()), name="sent.csv")
    return import_customers(source=source, actor=actor, options=ImportOptions(**options))


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    """Return how many rows were new, changed, unchanged, rejected."""
    return (
        result.rows_created,
        result.rows_changed,
        result.rows_unchanged,
        result.rows_rejected,
    )


def rejects(result: ImportResult) -> list[tuple[int, str, str]]:
    """Return line, column and reason of each reject."""
    return [(reject.line, reject.column, reject.code) for reject in result.first_rejects]


def stored_transactions() -> list[tuple[str, str, str]]:
    """Return customer, date and amount of every transaction, in order."""
    rows = Transaction.objects.order_by("customer__code", "occurred_on", "amount", "external_id")
    return [(row.customer.code, row.occurred_on.isoformat(), str(row.amount)) for row in rows]


def cdnow_sample() -> list[tuple[str, str, str]]:
    """Return customer, date (19970101) and amount of the sample's 6,919 purchases."""
    sample_path = next(path for path in files("lifetimes") or [] if str(path) == CDNOW_PATH)
    lines = Path(str(sample_path.locate())).read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    return [(row[0], row[2], row[4]) for row in rows]
