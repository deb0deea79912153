"""Rows that were not taken: counted by reason, and written to a file to mend and send again."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from common.files import FileRefusedError
from crm.services.importing.outcome import Reject
from crm.services.importing.reasons import describe
from crm.services.importing.staging import BETWEEN_CELLS

SAMPLE = 100

# Spreadsheets in Chinese take the full-width signs for the plain ones.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*")


def count_reasons(cursor: CursorWrapper) -> dict[str, int]:
    """Return how many rows were rejected for each reason, the most frequent first."""
    cursor.execute("SELECT code, count(*) FROM stage_reject GROUP BY code ORDER BY 2 DESC, 1")
    return dict(cursor.fetchall())


def sample_rejects() -> list[Reject]:
    """Return the first rejects of the file."""
    return list(islice(_rejects(), SAMPLE))


def write_rejects(path: Path, header: Sequence[str]) -> None:
    """Write every reject as CSV that spreadsheets open; raise FileRefusedError if it cannot be."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            ours = [_("line"), _("column"), _("value"), _("reason")]
            writer.writerow([*ours, *(guard_formula(cell) for cell in header)])
            for reject in _rejects():
                cells = [reject.column, reject.value, reject.reason, *reject.original]
                writer.writerow([reject.line, *(guard_formula(cell) for cell in cells)])
    except OSError as error:
        message = _("The rejects cannot be written to %(path)s: %(why)s.")
        values = {"path": path, "why": error.strerror}
        raise FileRefusedError("rejects_unwritable", message % values) from error


def guard_formula(cell: str) -> str:
    """Keep a spreadsheet from taking text for a formula; plain numbers stay as they are."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _rejects() -> Iterator[Reject]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            """SELECT r.line, r.column_name, r.value, r.code, s.original
                 FROM stage_reject r JOIN stage s USING (line) ORDER BY r.line"""
        )
        for line, column, value, code, original in cursor:
            cells = original.split(BETWEEN_CELLS)
            yield Reject(line, column, value, code, describe(code), cells)
