"""The options of an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_SYSTEM = "file"


@dataclass(frozen=True)
class ImportOptions:
    """How the rows are read and what is stored.

    ``mapping`` maps our column names to headers of the file; ``unit`` is the code of the unit new
    customers are put into (empty: the actor's unit); ``system`` is the code of the billing system
    the rows come from.
    """

    system: str = DEFAULT_SYSTEM
    unit: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    create_customers: bool = False
    rejects_path: Path | None = None
