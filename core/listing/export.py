"""Exports of lists: the rows of a query, in their order, as a spreadsheet (XLSX) or as CSV.

An export is a job: a small one is executed at once, a large one by a worker. It has the rows and
values that its actor may see when it runs. Each page is read by keyset, so that memory stays flat.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import authorise
from accounts.models import User
from common.errors import RefusedError
from common.files.formulas import escape_formula
from core.jobs.declarations import JobKind, JobResult, RunningJob
from core.jobs.files import new_file
from core.listing.counting import count_rows
from core.listing.declarations import ListColumn, ListDeclaration
from core.listing.registry import lists
from core.listing.row_selection import RowSelection
from core.listing.selection import UserList
from core.models import Job
from core.services.job import request_job, run_job_now

MAX_ROWS_AT_ONCE = 2_000  # an export of more rows is made by a worker
MAX_XLSX_ROWS = 1_048_575  # a sheet has 2**20 rows, one of them the header
ROWS_PER_READ = 2_000

Value = str | int | Decimal | date | None
WriteRow = Callable[[Sequence[Value]], None]


class ExportFormat(TextChoices):
    """The format of the file."""

    XLSX = "xlsx", gettext_lazy("Spreadsheet (XLSX)")
    CSV = "csv", gettext_lazy("Text (CSV)")


def request_export(
    *,
    declaration: ListDeclaration,
    selection: RowSelection,
    file_format: ExportFormat,
    actor: User,
) -> Job:
    """Export the selected rows, at once if they are few, and return the job.

    Raises PermissionDenied, and ValidationError for a query that the list cannot read.
    """
    if declaration.permission is not None:
        authorise(actor, declaration.permission)
    count = count_rows(selection.rows(UserList(declaration, actor))).number
    request = run_job_now if count <= MAX_ROWS_AT_ONCE else request_job
    return request(
        kind=LIST_EXPORT,
        parameters={
            "list": declaration.name,
            "selection": selection.to_json(),
            "format": file_format.value,
        },
        actor=actor,
    )


def run_export(job: RunningJob) -> JobResult:
    """Write the job's rows to a file."""
    declaration = lists()[job.parameters["list"]]
    if declaration.permission is not None:
        authorise(job.actor, declaration.permission)
    file_format = ExportFormat(job.parameters["format"])
    user_list = UserList(declaration, job.actor)
    columns = user_list.export_columns
    selection = RowSelection.from_json(job.parameters["selection"])
    total = selection.rows(user_list).count()
    name, path = new_file(file_format.value)
    count = 0
    with _WRITERS[file_format](path) as write_row:
        write_row([capfirst(str(column.label)) for column in columns])
        for row in _rows(user_list, selection):
            if count == MAX_XLSX_ROWS and file_format == ExportFormat.XLSX:
                raise RefusedError(
                    "too_many_rows",
                    _("A spreadsheet holds at most 1,048,575 rows. Export to CSV, or filter more."),
                )
            write_row([_value(column, row, job.actor) for column in columns])
            count += 1
            job.report_progress("write", done=count, total=total)
    day = timezone.localtime().strftime("%Y-%m-%d %H%M")
    return JobResult(
        rows_done=count, file=name, file_name=f"{declaration.title} {day}.{file_format.value}"
    )


LIST_EXPORT = JobKind(
    name="list.export",
    label=gettext_lazy("Export"),
    run=run_export,
    activities={"write": gettext_lazy("Writing rows")},
)


def _rows(user_list: UserList, selection: RowSelection) -> Iterator[Any]:
    """Yield the selected rows in the order of the query."""
    pager = user_list.pager(selection.rows(user_list), selection.query, ROWS_PER_READ)
    page = pager.first_page()
    while page.ids:
        yield from user_list.read_rows(page.ids, for_export=True)
        if not (page.has_next and page.last):
            return
        page = pager.page_after(page.last)


def _value(column: ListColumn, row: Any, user: User) -> Value:
    if column.value_of is None:
        return column.text_of(row, user)
    value: Value = column.value_of(row, user)
    return value


@contextmanager
def _csv_writer(path: Path) -> Iterator[WriteRow]:
    """Open a CSV file that spreadsheet programs read as UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)

        def write_row(values: Sequence[Value]) -> None:
            writer.writerow([_csv_text(value) for value in values])

        yield write_row


def _csv_text(value: Value) -> str:
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str):
        return escape_formula(value)
    return "" if value is None else str(value)


@contextmanager
def _xlsx_writer(path: Path) -> Iterator[WriteRow]:
    """Open a workbook with one sheet, whose rows are written to the disk one by one."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        yield _Sheet(workbook).write_row


class _Sheet:
    """The sheet of a workbook, with a bold header that stays visible."""

    def __init__(self, workbook: Any) -> None:
        self._sheet = workbook.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._header = workbook.add_format({"bold": True})
        self._time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._row = 0

    def write_row(self, values: Sequence[Value]) -> None:
        """Write a row below the others."""
        for column, value in enumerate(values):
            if value is not None and value != "":
                self._write_cell(column, value)
        self._row += 1

    def _write_cell(self, column: int, value: str | int | Decimal | date) -> None:
        if isinstance(value, datetime):
            local = timezone.localtime(value).replace(tzinfo=None)  # a sheet knows no time zones
            self._sheet.write_datetime(self._row, column, local, self._time)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._row, column, value, self._day)
        elif isinstance(value, str):
            style = self._header if self._row == 0 else None
            self._sheet.write_string(self._row, column, value, style)
        else:
            self._sheet.write_number(self._row, column, float(value))


_WRITERS = {ExportFormat.CSV: _csv_writer, ExportFormat.XLSX: _xlsx_writer}
