"""Rejected rows: counted by reason, and written to a file to be corrected and imported again.

The functions read the staging tables, so they work only inside the transaction of the import.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from common.files import FileRefusedError
from common.files.formulas import escape_formula
from crm.services.importing.reasons import reason_text
from crm.services.importing.result import RejectedRow
from crm.services.importing.staging import CELL_SEPARATOR

MAX_FIRST_REJECTS = 100


def count_rejects_by_reason(cursor: CursorWrapper) -> dict[str, int]:
    """Return the number of rejected rows by code of the reason, the most frequent first."""
    cursor.execute("SELECT code, count(*) FROM stage_reject GROUP BY code ORDER BY 2 DESC, 1")
    return dict(cursor.fetchall())


def read_first_rejects() -> list[RejectedRow]:
    """Return the first MAX_FIRST_REJECTS rejected rows in the order of the file."""
    return list(islice(_read_rejects(), MAX_FIRST_REJECTS))


def write_rejects(path: Path, header: Sequence[str]) -> None:
    """Write all rejected rows to a CSV file that spreadsheet programs open correctly.

    Each has line, column, value and reason, then its original cells under the file's ``header``.
    Raises FileRefusedError if the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            reject_headers = [_("line"), _("column"), _("value"), _("reason")]
            writer.writerow([*reject_headers, *(escape_formula(cell) for cell in header)])
            for reject in _read_rejects():
                cells = [reject.column, reject.value, reject.reason, *reject.original]
                writer.writerow([reject.line, *(escape_formula(cell) for cell in cells)])
    except OSError as error:
        message = _("The rejects cannot be written to %(path)s: %(why)s.")
        values = {"path": path, "why": error.strerror}
        raise FileRefusedError("rejects_unwritable", message % values) from error


def _read_rejects() -> Iterator[RejectedRow]:
    """Yield the rejected rows in the order of the file, without holding them all in memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            """SELECT r.line, r.column_name, r.value, r.code, s.original
                 FROM stage_reject r JOIN stage s USING (line) ORDER BY r.line"""
        )
        for line, column, value, code, original in cursor:
            cells = original.split(CELL_SEPARATOR)
            yield RejectedRow(line, column, value, code, reason_text(code), cells)
