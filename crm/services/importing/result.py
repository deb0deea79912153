"""The result of an import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not imported. Programs read ``code``, people read ``reason``."""

    line: int  # of the file, at which the row starts
    column: str  # the file's header; blank if the row as a whole is at fault
    value: str  # the bad value; blank if it is missing
    code: str  # of RowFault, ValueFault or RejectReason
    reason: str  # in the active language
    original: list[str]  # all cells of the row


@dataclass(frozen=True)
class ImportResult:
    """What an import did. ``rows_read`` is the sum of the four counts after it.

    ``batch_id`` is None when nothing was stored: after a dry run, or when no row was valid.
    ``ignored_headers`` are the headers of columns that were not read. ``rejects_by_reason`` counts
    the rejected rows by code, as in ``{"not_a_date": 2}``, the most frequent first.
    ``first_rejects`` holds the first 100 rejected rows. ``seconds`` is how long the import took.
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
