"""The two staging tables of an import, and copying the rows of a source into them.

``stage`` has every row of the source. ``stage_reject`` has one entry for each row that is rejected,
while it is read or by a later check. Both are temporary tables, which PostgreSQL drops at the end
of the transaction. Rows are copied as they are read, so Python never holds the whole source.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from common.copying import copy_rows
from common.files import FileRefusedError, Row, RowSource
from crm.services.importing.progress import ImportProgress, ImportStep, ProgressReporter

# Takes a row's cells in the order of the header. Returns the values of ``Importer.value_columns``
# or raises RowRejectedError. It may change the list of cells.
RowParser = Callable[[list[str]], Sequence[Any]]

CELL_SEPARATOR = "\x1f"  # ASCII's unit separator, between the cells in ``stage.original``
MAX_VALUE_LENGTH = 100  # characters of a bad value that are kept to be shown
PROGRESS_EVERY_ROWS = 5000


class RowRejectedError(Exception):
    """A row cannot be imported.

    ``column`` is the name of an ImportColumn, blank if the row as a whole is at fault; ``value`` is
    the text of the bad cell; ``code`` is one of the codes that ``reasons.reason_text`` knows.
    """

    def __init__(self, column: str, value: str, code: str) -> None:
        super().__init__(code)
        self.column = column
        self.value = value
        self.code = code


def create_tables(cursor: CursorWrapper, value_columns: Sequence[str]) -> None:
    """Create the empty staging tables.

    ``stage`` has the line the row starts at, which identifies it, the original cells in one text,
    the ``value_columns`` (SQL definitions), and the fault of a row that could not be parsed: the
    file's header of the column, the bad value, and the code of the reason. The values of such a row
    are NULL, and so is the fault of any other row.
    """
    drop_tables(cursor, "stage", "stage_reject")
    cursor.execute(
        f"""CREATE TEMP TABLE stage (
            line bigint, original text, {", ".join(value_columns)},
            fault_column text, fault_value text, fault text
        ) ON COMMIT DROP"""
    )
    cursor.execute(
        """CREATE TEMP TABLE stage_reject (
            line bigint, column_name text, value text, code text
        ) ON COMMIT DROP"""
    )


def drop_tables(cursor: CursorWrapper, *names: str) -> None:
    """Drop the temporary tables of these names, if there are any.

    They exist if an earlier import ran in the same transaction, as in tests.
    """
    for name in names:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")


def stage_rows(
    cursor: CursorWrapper,
    source: RowSource,
    parse_row: RowParser,
    *,
    value_count: int,
    header_for: Callable[[str], str],
    report_progress: ProgressReporter,
) -> int:
    """Copy every row into ``stage`` and return the number of rows.

    ``parse_row`` returns ``value_count`` values; ``header_for`` returns the file's header of a
    column. Raises FileRefusedError when the source is unreadable or has no rows.
    """
    staged_rows = _staged_rows(
        source,
        parse_row,
        value_count=value_count,
        header_for=header_for,
        report_progress=report_progress,
    )
    row_count = copy_rows(cursor, "COPY stage FROM STDIN", staged_rows)
    if not row_count:
        raise FileRefusedError("no_rows", _("There are no rows to import."))
    report_progress(ImportProgress(ImportStep.CHECK, row_count, source.bytes_read, source.size))
    return row_count


def reject_unreadable_rows(cursor: CursorWrapper) -> None:
    """Add the rows that could not be parsed to ``stage_reject``."""
    # The planner has no statistics of a new table; the checks join it with large ones.
    cursor.execute("ANALYZE stage")
    cursor.execute(
        """INSERT INTO stage_reject
           SELECT line, fault_column, fault_value, fault FROM stage WHERE fault IS NOT NULL"""
    )


def _staged_rows(
    source: RowSource,
    parse_row: RowParser,
    *,
    value_count: int,
    header_for: Callable[[str], str],
    report_progress: ProgressReporter,
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of ``stage`` and report the progress of reading."""
    no_values = (None,) * value_count
    for number, row in enumerate(source, start=1):
        original = CELL_SEPARATOR.join(row.cells)  # before the parser may change the list
        try:
            values = _parse(row, parse_row)
        except RowRejectedError as error:
            # PostgreSQL's text cannot hold NUL.
            original = original.replace("\0", "\ufffd")
            value = error.value.replace("\0", "\ufffd")[:MAX_VALUE_LENGTH]
            yield (row.line, original, *no_values, header_for(error.column), value, error.code)
        else:
            yield (row.line, original, *values, None, None, None)
        if number % PROGRESS_EVERY_ROWS == 0:
            report_progress(ImportProgress(ImportStep.READ, number, source.bytes_read, source.size))


def _parse(row: Row, parse_row: RowParser) -> Sequence[Any]:
    """Return the values of a row; raise RowRejectedError, also for a fault the source found.

    A fault of the source concerns the whole row. The value shown with it is the cell with a NUL
    character, or else the first cell.
    """
    if row.fault is not None:
        first_cell = row.cells[0] if row.cells else ""
        bad_cell = next((cell for cell in row.cells if "\0" in cell), first_cell)
        raise RowRejectedError("", bad_cell, str(row.fault))
    return parse_row(row.cells)
