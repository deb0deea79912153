"""What an import is asked, what it tells on the way, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

DEFAULT_SYSTEM = "file"


@dataclass(frozen=True)
class ImportOptions:
    """How to read and what to keep.

    ``mapping`` is our column name to the file's; ``unit`` the code of the unit new customers go to
    (empty: the actor's); ``system`` the code of the billing system the rows come from.
    """

    system: str = DEFAULT_SYSTEM
    unit: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    create_customers: bool = False
    rejects_path: Path | None = None


class Step(TextChoices):
    """Where an import stands."""

    READ = "read", _("Reading")
    CHECK = "check", _("Checking")
    WRITE = "write", _("Writing")
    TIDY = "tidy", _("Tidying up")


@dataclass(frozen=True)
class Progress:
    """How far an import has come; ``size`` is in bytes and None where nobody knows."""

    step: Step
    rows: int
    bytes_read: int
    size: int | None


ProgressReporter = Callable[[Progress], None]


@dataclass(frozen=True)
class Reject:
    """A row that was not taken: ``code`` is stable, ``reason`` for people."""

    line: int
    column: str
    value: str
    code: str
    reason: str
    original: list[str]


@dataclass(frozen=True)
class ImportResult:
    """What came of an import. The rows read are those created, changed, unchanged and rejected.

    ``batch_id`` is None when nothing was kept: a dry run, or no row that was good.
    """

    batch_id: int | None
    dry_run: bool
    rows_read: int
    rows_created: int
    rows_changed: int
    rows_unchanged: int
    rows_rejected: int
    customers_created: int
    ignored_headers: list[str]
    reasons: dict[str, int]
    sample: list[Reject]
    seconds: float

    @property
    def is_empty(self) -> bool:
        """Whether no row of the input was good."""
        return self.rows_rejected == self.rows_read
