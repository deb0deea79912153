"""The two staging tables of an import, and copying the rows of a source into them.

``stage`` has every row of the source. ``stage_reject`` has one entry for each row that is rejected,
while it is read or by a later check. Both are temporary tables, which PostgreSQL drops at the end
of the transaction. Rows are copied as they are read, so Python never holds the whole source.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from common.copying import copy_lines, format_columns, format_row
from common.files import FileRefusedError, Row, RowSource
from crm.services.importing.progress import ImportProgress, ImportStep, ProgressReporter

CELL_SEPARATOR = "\x1f"  # ASCII's unit separator, between the cells in ``stage.original``
FAULT_COLUMNS = ("fault_column", "fault_value", "fault")  # the last of ``stage``, all text
MAX_VALUE_LENGTH = 100  # characters of a bad value that are kept to be shown
PROGRESS_EVERY_ROWS = 5000  # a multiple of BLOCK_ROWS
BLOCK_ROWS = 200  # parsed together; more take more memory and are not faster


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


class RowParser(ABC):
    """Turns the cells of rows, in the order of the header, into ``Importer.value_columns``."""

    @abstractmethod
    def parse_row(self, cells: list[str]) -> Sequence[Any]:
        """Return the values of a row or raise RowRejectedError. May change the list of cells."""

    def parse_columns(self, columns: Sequence[Sequence[str]]) -> Sequence[Iterable[str]] | None:
        """Return the values of several rows by column, or None to have the rows parsed one by one.

        ``columns`` has the cells of the rows by column, in the order of the header. A subclass may
        override this method, because parsing a column at once is faster than parsing each cell. The
        values are those of ``parse_row`` as texts. The result is None if any row is to be rejected.
        """
        return None


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
            {", ".join(f"{name} text" for name in FAULT_COLUMNS)}
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
    parser: RowParser,
    *,
    value_count: int,
    header_for: Callable[[str], str],
    report_progress: ProgressReporter,
) -> int:
    """Copy every row into ``stage`` and return the number of rows.

    ``parser`` returns ``value_count`` values; ``header_for`` returns the file's header of a
    column. Raises FileRefusedError when the source is unreadable or has no rows.
    """
    blocks = _read_blocks(source, report_progress)
    lines = _staged_lines(blocks, parser, value_count=value_count, header_for=header_for)
    row_count = copy_lines(cursor, "COPY stage FROM STDIN", lines)
    if not row_count:
        raise FileRefusedError("no_rows", _("There are no rows to import."))
    report_progress(ImportProgress(ImportStep.CHECK, row_count, source.bytes_read, source.size))
    return row_count


def reject_unreadable_rows(cursor: CursorWrapper) -> int:
    """Add the rows that could not be parsed to ``stage_reject``; return how many there are."""
    # The planner has no statistics of a new table; the checks join it with large ones.
    cursor.execute("ANALYZE stage")
    cursor.execute(
        """INSERT INTO stage_reject
           SELECT line, fault_column, fault_value, fault FROM stage WHERE fault IS NOT NULL"""
    )
    return int(cursor.rowcount)


def _read_blocks(source: RowSource, report_progress: ProgressReporter) -> Iterator[list[Row]]:
    """Yield the rows of the source in blocks, and report the progress of reading."""
    rows, number = iter(source), 0
    while block := list(islice(rows, BLOCK_ROWS)):
        yield block
        number += len(block)
        if number % PROGRESS_EVERY_ROWS == 0:
            report_progress(ImportProgress(ImportStep.READ, number, source.bytes_read, source.size))


def _staged_lines(
    blocks: Iterable[list[Row]],
    parser: RowParser,
    *,
    value_count: int,
    header_for: Callable[[str], str],
) -> Iterator[str]:
    """Yield lines of ``stage`` in COPY's format, one or several at a time."""
    no_values, no_fault = (None,) * value_count, (None,) * len(FAULT_COLUMNS)
    for block in blocks:
        text = _stage_block(block, parser)
        if text is not None:
            yield text
            continue
        for row in block:
            original = CELL_SEPARATOR.join(row.cells)  # before the parser may change the list
            try:
                values = _parse(row, parser)
            except RowRejectedError as error:
                # PostgreSQL's text cannot hold NUL.
                original = original.replace("\0", "\ufffd")
                value = error.value.replace("\0", "\ufffd")[:MAX_VALUE_LENGTH]
                fault = (header_for(error.column), value, error.code)
                yield format_row((row.line, original, *no_values, *fault))
            else:
                yield format_row((row.line, original, *values, *no_fault))


def _stage_block(block: Sequence[Row], parser: RowParser) -> str | None:
    """Return the lines of rows that the parser can parse together, or None."""
    lines, rows, faults = zip(*block, strict=True)
    if any(faults):
        return None
    values = parser.parse_columns(list(zip(*rows, strict=True)))
    if values is None:
        return None
    originals = map(CELL_SEPARATOR.join, rows)
    return format_columns((map(str, lines), originals, *values), nulls=len(FAULT_COLUMNS))


def _parse(row: Row, parser: RowParser) -> Sequence[Any]:
    """Return the values of a row; raise RowRejectedError, also for a fault the source found.

    A fault of the source concerns the whole row. The value shown with it is the cell with a NUL
    character, or else the first cell.
    """
    if row.fault is not None:
        first_cell = row.cells[0] if row.cells else ""
        bad_cell = next((cell for cell in row.cells if "\0" in cell), first_cell)
        raise RowRejectedError("", bad_cell, str(row.fault))
    return parser.parse_row(row.cells)
