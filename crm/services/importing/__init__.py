"""Bringing customers and transactions in: by file, by command, by API, all on one path.

Read a row source, stage it with COPY, validate it in sets, and commit it with its batch or not at
all. ``import_customers`` and ``import_transactions`` are the two entry points.
"""

from crm.services.importing.columns import TRANSACTION_COLUMNS
from crm.services.importing.customers import import_customers
from crm.services.importing.outcome import ImportOptions, ImportResult, Progress, Reject, Step
from crm.services.importing.transactions import import_transactions

TRANSACTION_FIELDS = tuple(column.name for column in TRANSACTION_COLUMNS)

__all__ = [
    "TRANSACTION_FIELDS",
    "ImportOptions",
    "ImportResult",
    "Progress",
    "Reject",
    "Step",
    "import_customers",
    "import_transactions",
]
