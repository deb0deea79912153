"""Import of customers and transactions. The commands and the bulk API both use it.

``import_customers`` and ``import_transactions`` are the two entry points. Both read a ``RowSource``
(``common.files``), copy its rows into a temporary table, check all rows together in SQL, and commit
the valid ones together with an ``ImportBatch``, or commit nothing. docs/importing.md is the user's
view of it.
"""

from crm.services.importing.columns import TRANSACTION_COLUMNS
from crm.services.importing.customers import import_customers
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportProgress, ImportStep
from crm.services.importing.result import ImportResult, RejectedRow
from crm.services.importing.transactions import import_transactions

# The names that a transaction may use in the bulk API.
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
