"""Import of customers and transactions. The commands and the bulk API both use it.

An import reads a row source, stages it with COPY, validates the rows in sets, and commits them
together with its batch, or commits nothing. ``import_customers`` and ``import_transactions`` are
the two entry points.
"""

from crm.services.importing.columns import TRANSACTION_COLUMNS
from crm.services.importing.customers import import_customers
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportProgress, ImportStep
from crm.services.importing.result import ImportResult, RejectedRow
from crm.services.importing.transactions import import_transactions

TRANSACTION_FIELDS = tuple(column.name for column in TRANSACTION_COLUMNS)

__all__ = [
    "TRANSACTION_FIELDS",
    "ImportOptions",
    "ImportProgress",
    "ImportResult",
    "ImportStep",
    "RejectedRow",
    "import_customers",
    "import_transactions",
]
