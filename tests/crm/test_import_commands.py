"""The two import commands: options, summary, rejects file, and errors of one line."""

import csv
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import translation

from common.files.formulas import escape_formula
from crm.models import Customer, ImportBatch, Transaction
from tests.cast import Cast
from tests.common.interrupts import interrupt_when_waiting
from tests.common.workbooks import raw_workbook, workbook
from tests.crm.factories import make_customer

WriteFile = Callable[[bytes | str], Path]
HEADER = "customer,date,amount\n"


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Return a function that writes a file to import and returns its path."""

    def write(content: bytes | str) -> Path:
        path = tmp_path / "bills.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(autouse=True)
def _customer(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A")


def run(command: str, *arguments: object) -> str:
    """Run a management command in English and return its output."""
    out = StringIO()
    with translation.override("en"):
        call_command(command, *(str(argument) for argument in arguments), stdout=out)
    return out.getvalue()


def import_error(*arguments: object) -> str:
    """Run import_transactions, which must fail, and return its error, which must be one line."""
    with pytest.raises(CommandError) as caught:
        run("import_transactions", *arguments)
    message = str(caught.value)
    assert caught.value.returncode == 1
    assert message
    assert "\n" not in message
    return message


def test_transactions_are_imported_and_a_summary_is_printed(write_file: WriteFile) -> None:
    out = run("import_transactions", write_file(HEADER + "A,1997-01-01,1\nA,1997-01-02,2\n"))
    assert "2 rows read: 2 new, 0 changed, 0 unchanged, 0 rejected" in out
    batch = ImportBatch.objects.get()
    assert (batch.file_name, batch.actor.employee_number) == ("bills.csv", "importer")
    assert len(batch.sha256) == 64


def test_customers_are_imported(write_file: WriteFile) -> None:
    path = write_file("客户编码,客户名称,备注\nN1,新公司,x\n".encode("gb18030"))
    out = run("import_customers", path, "--unit", "GSLZ")
    assert "Columns not used: 备注" in out
    assert Customer.objects.get(code="N1").unit.code == "GSLZ"


def test_workbook_is_recognised_by_its_content(write_file: WriteFile) -> None:
    path = write_file(
        workbook([["客户编码", "日期", "金额"], ["A", "1997-01-01", 12.5]]).getvalue()
    )
    run("import_transactions", path)
    assert str(Transaction.objects.get().amount) == "12.50"


def test_options_are_passed_to_the_service(write_file: WriteFile, cast: Cast) -> None:
    path = write_file("who,when,how much\nNEW,1997-01-01,1\n")
    mapping = "customer=who, date=when, amount=how much"
    out = run(
        "import_transactions", path, "--map", mapping, "--create-customers",
        "--as", "divadmin", "--unit", "GSTS", "--dry-run",
    )  # fmt: skip
    assert "1 customers made" in out
    assert "dry run" in out
    assert not ImportBatch.objects.exists()
    run("import_transactions", path, "--map", mapping, "--create-customers", "--as", "divadmin")
    assert Customer.objects.get(code="NEW").unit == cast.gansu


def test_rejects_file_has_line_column_and_reason_and_opens_in_a_spreadsheet(
    write_file: WriteFile,
) -> None:
    path = write_file(HEADER + "A,1997-01-01,1\n=cmd(),1997-01-01,-5\nA,never,1\nA,1\n")
    out = run("import_transactions", path)
    rejects = path.with_name("bills.rejects.csv")
    assert str(rejects) in out
    assert rejects.read_bytes().startswith(b"\xef\xbb\xbf")
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["line", "column", "value", "reason", "customer", "date", "amount"],
        ["3", "customer", "'=cmd()", "Not found or not yours", "'=cmd()", "1997-01-01", "-5"],
        ["4", "date", "never", "Not a date; write 1997-01-31", "A", "never", "1"],
        ["5", "", "A", "Fewer fields than the header has", "A", "1"],
    ]


def test_header_with_a_formula_is_escaped_in_the_rejects(write_file: WriteFile) -> None:
    path = write_file("customer,date,amount,=cmd|x\nA,never,1,\n")
    import_error(path)
    text = path.with_name("bills.rejects.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].endswith(",amount,'=cmd|x")


def test_corrected_rejects_can_be_imported(write_file: WriteFile) -> None:
    path = write_file(HEADER + "A,1997-01-01,1\nA,1997-31-01,2\n")
    run("import_transactions", path)
    rejects = path.with_name("bills.rejects.csv")
    rejects.write_text(
        rejects.read_text(encoding="utf-8-sig").replace("1997-31-01", "1997-01-31"), "utf-8"
    )
    run("import_transactions", rejects)
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        ("=1+1", "'=1+1"), ("+A1", "'+A1"), ("@SUM(A1)", "'@SUM(A1)"), ("-cmd", "'-cmd"),
        ("\t=1", "'\t=1"), (" =1", "' =1"), ("-5", "-5"), ("+5.50", "+5.50"),
        ("-1,234.56", "-1,234.56"), ("-1+cmd|x", "'-1+cmd|x"), ("plain", "plain"), ("", ""),
        ("＝1+1", "'＝1+1"), ("＋A1", "'＋A1"), ("－cmd", "'－cmd"), ("＠SUM(A1)", "'＠SUM(A1)"),
    ],
)  # fmt: skip
def test_formulas_are_escaped(cell: str, escaped: str) -> None:
    assert escape_formula(cell) == escaped


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEADER.encode(),
        b"\n\n",
        b"just some words\n",
        bytes(range(256)) * 20,
        b"\xd0\xcf\x11\xe0" + b"\0" * 100,
        b"PK\x03\x04 and no archive",
        HEADER.encode() + b'A,1997-01-01,"1\n',
        HEADER.encode() + b"A,1997-01-01,1\n\xff\xff\xff,1,1\n",
        # More parts than a workbook may have.
        raw_workbook("", **{f"part{n}": "" for n in range(2001)}).getvalue(),
        (HEADER + "NOBODY,1997-01-01,1\n").encode(),
        (HEADER + "A,1900-01-00,1\n").encode(),
    ],
)
def test_invalid_file_is_an_error_of_one_line_and_nothing_is_imported(
    write_file: WriteFile, content: bytes
) -> None:
    import_error(write_file(content))
    assert not Transaction.objects.exists()
    assert not ImportBatch.objects.exists()


def test_missing_file_and_directory_are_errors_of_one_line(tmp_path: Path) -> None:
    assert "No such file" in import_error(tmp_path / "none.csv")
    assert "is not a file" in import_error(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_read_permission_is_an_error_of_one_line(write_file: WriteFile) -> None:
    path = write_file(HEADER)
    path.chmod(0)
    assert "Permission denied" in import_error(path)


def test_ctrl_c_stops_an_import_that_waits_for_another(write_file: WriteFile) -> None:
    path = write_file(HEADER + "A,1997-01-01,1\n")
    other_import = connection.copy()
    try:
        with connection.cursor() as cursor:  # so that a failure does not wait for ever
            cursor.execute("SET LOCAL lock_timeout = '240s'")
        with other_import.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('crm_import'))")
        with (
            interrupt_when_waiting(),
            pytest.raises(CommandError, match="Stopped; nothing") as caught,
        ):
            run("import_transactions", path)
    finally:
        other_import.close()
    assert caught.value.returncode == 130
    assert not Transaction.objects.exists()


def test_wrong_options_are_errors_of_one_line(write_file: WriteFile) -> None:
    path = write_file(HEADER + "A,1997-01-01,1\n")
    assert "nobody with the employee number" in import_error(path, "--as", "ghost")
    assert "Not allowed" in import_error(path, "--as", "auditor")
    assert "no billing system" in import_error(path, "--system", "nosuch")
    assert "not yours" in import_error(path, "--unit", "nosuch")
    assert "--map takes pairs" in import_error(path, "--map", "amount")
    assert "not one of our columns" in import_error(path, "--map", "colour=date")
    assert "overwrite the file itself" in import_error(path, "--rejects", path)
    assert not Transaction.objects.exists()


def test_nothing_is_imported_if_the_rejects_cannot_be_written(
    write_file: WriteFile, tmp_path: Path
) -> None:
    path = write_file(HEADER + "A,1997-01-01,1\nA,never,1\n")
    assert "cannot be written" in import_error(path, "--rejects", tmp_path / "no" / "rejects.csv")
    assert not Transaction.objects.exists()
