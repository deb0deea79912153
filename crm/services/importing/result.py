"""The result of an import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not imported. Programs read ``code``, people read ``reason``."""

    line: int
    column: str
    value: str
    code: str
    reason: str
    original: list[str]


@dataclass(frozen=True)
class ImportResult:
    """Counts of an import. ``rows_read`` is the sum of the four counts after it.

    ``batch_id`` is None when nothing was stored: after a dry run, or when no row was valid.
    ``first_rejects`` holds the first 100 rejected rows.
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
    rejects_by_reason: dict[str, int]
    first_rejects: list[RejectedRow]
    seconds: float

    @property
    def is_empty(self) -> bool:
        """Whether no row of the input was valid."""
        return self.rows_rejected == self.rows_read
