"""The options of an import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crm.services.importing.result import ImportResult

DEFAULT_SYSTEM = "file"  # code of the billing system that migration 0003 creates


def _ignore(_result: ImportResult) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class ImportOptions:
    """How the rows are read and what is stored.

    ``unit`` is the code of the unit that new customers are put into, blank for the actor's.
    ``mapping`` says which header of the file is which column, as in ``{"amount": "Net total"}``;
    see ``match_columns``. A ``dry_run`` checks everything and stores nothing. ``rejects_path`` is
    the file that rejected rows are written to, None for none; a dry run writes it too.
    ``on_stored`` is called in the transaction of the import after its rows are written; it is not
    called if none is stored.

    Only transactions and interactions have a ``system``, the code of the one they come from. Only
    transactions have ``create_customers``, which creates the customers that do not exist, instead
    of rejecting their rows.
    """

    unit: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    rejects_path: Path | None = None
    on_stored: Callable[[ImportResult], None] = _ignore
    system: str = DEFAULT_SYSTEM
    create_customers: bool = False
