"""The staging table: rows go in by COPY as they are read, so that Python holds one at a time.

Temporary tables, gone with the transaction: ``stage`` holds every row (a bad one with its fault),
``stage_reject`` every row that is not taken.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from common.copying import copy_rows
from common.files import FileRefusedError, Row, RowSource
from crm.services.importing.outcome import Progress, ProgressReporter, Step

Parse = Callable[[list[str]], Sequence[Any]]

BETWEEN_CELLS = "\x1f"
MAX_VALUE_LENGTH = 100
PROGRESS_EVERY_ROWS = 5000


class RowRefusedError(Exception):
    """A row is not taken: the column of ours, its value, and the reason's code."""

    def __init__(self, column: str, value: str, code: str) -> None:
        super().__init__(code)
        self.column = column
        self.value = value
        self.code = code


def create_tables(cursor: CursorWrapper, columns: str) -> None:
    """Make the empty staging tables; ``columns`` are those beside line, original and fault."""
    drop_tables(cursor, "stage", "stage_reject")
    cursor.execute(
        f"""CREATE TEMP TABLE stage (
            line bigint, original text, {columns},
            fault_column text, fault_value text, fault text
        ) ON COMMIT DROP"""
    )
    cursor.execute(
        """CREATE TEMP TABLE stage_reject (
            line bigint, column_name text, value text, code text
        ) ON COMMIT DROP"""
    )


def drop_tables(cursor: CursorWrapper, *names: str) -> None:
    """Drop temporary tables of an earlier import in the same transaction."""
    for name in names:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")


def stage_rows(
    cursor: CursorWrapper,
    source: RowSource,
    parse: Parse,
    *,
    width: int,
    header_for: Callable[[str], str],
    report_progress: ProgressReporter,
) -> int:
    """COPY every row into ``stage``, parsed to ``width`` values; return how many there were.

    ``header_for`` gives the file's own header of a column of ours, for the rejects. Raises
    FileRefusedError when the source turns out unreadable, or to hold no rows at all.
    """
    staged = _stage_values(
        source, parse, width=width, header_for=header_for, report_progress=report_progress
    )
    rows = copy_rows(cursor, "COPY stage FROM STDIN", staged)
    if not rows:
        raise FileRefusedError("no_rows", _("The file has a header but no rows."))
    report_progress(Progress(Step.CHECK, rows, source.bytes_read, source.size))
    return rows


def collect_faults(cursor: CursorWrapper) -> None:
    """Count the rows that could not be parsed among the rejects."""
    cursor.execute("ANALYZE stage")
    cursor.execute(
        """INSERT INTO stage_reject
           SELECT line, fault_column, fault_value, fault FROM stage WHERE fault IS NOT NULL"""
    )


def _stage_values(
    source: RowSource,
    parse: Parse,
    *,
    width: int,
    header_for: Callable[[str], str],
    report_progress: ProgressReporter,
) -> Iterator[tuple[object, ...]]:
    """Yield every row as ``stage`` holds it, and report progress on the way."""
    empty = (None,) * width
    for number, row in enumerate(source, start=1):
        original = BETWEEN_CELLS.join(row.cells)
        try:
            values = parse(row.cells) if row.fault is None else _refuse(row)
        except RowRefusedError as bad:
            original = original.replace("\0", "\ufffd")
            value = bad.value.replace("\0", "\ufffd")[:MAX_VALUE_LENGTH]
            yield (row.line, original, *empty, header_for(bad.column), value, bad.code)
        else:
            yield (row.line, original, *values, None, None, None)
        if number % PROGRESS_EVERY_ROWS == 0:
            report_progress(Progress(Step.READ, number, source.bytes_read, source.size))


def _refuse(row: Row) -> Sequence[Any]:
    bad = next((cell for cell in row.cells if "\0" in cell), row.cells[0] if row.cells else "")
    raise RowRefusedError("", bad, str(row.fault))
