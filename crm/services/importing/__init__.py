"""Import of customers, transactions and interactions. The commands and the bulk API both use it.

``import_customers``, ``import_transactions`` and ``import_interactions`` are the entry points. Each
reads a ``RowSource`` (``common.files``), copies its rows into a temporary table, checks all rows
together in SQL, and commits the valid ones together with an ``ImportBatch``, or commits nothing.
docs/importing.md is the user's view of it.
"""

from crm.fields import INTERACTION
from crm.services.importing.columns import INTERACTION_ID_COLUMN, TRANSACTION_COLUMNS
from crm.services.importing.customers import import_customers
from crm.services.importing.interactions import import_interactions
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportProgress, ImportStep
from crm.services.importing.result import ImportResult, RejectedRow
from crm.services.importing.transactions import import_transactions

# The names that a transaction may use in the bulk API.
TRANSACTION_FIELDS = tuple(column.name for column in TRANSACTION_COLUMNS)


def interaction_fields() -> tuple[str, ...]:
    """Return the names that an interaction may use in the bulk API. Takes one query."""
    declared = (field.name for field in INTERACTION.all_fields())
    return (*declared, INTERACTION_ID_COLUMN.name)


__all__ = [
    "TRANSACTION_FIELDS",
    "ImportOptions",
    "ImportProgress",
    "ImportResult",
    "ImportStep",
    "RejectedRow",
    "import_customers",
    "import_interactions",
    "import_transactions",
    "interaction_fields",
]
