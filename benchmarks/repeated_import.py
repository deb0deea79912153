"""The benchmark ``import``: import generated rows into a large table, by file and by the API.

Transactions are imported from a CSV file and through the bulk API as NDJSON: new rows, the same
rows again, and the same rows with one of a hundred corrected. Customers are imported from a CSV
file: new ones, and the same again. This runs on a copy of the company's database.
"""

import json
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table, timer
from common.files import CsvSource
from crm.models import Customer, Grade
from crm.services.importing import (
    ImportOptions,
    ImportResult,
    import_customers,
    import_transactions,
)

SYSTEM = "boss"  # the billing system that sends the rows; telecom operators call theirs BOSS
FIRST_DAY = date(2025, 11, 1)  # of the month before database.AS_OF
ROWS_PER_CORRECTION = 100
ROWS_PER_CUSTOMER = 5  # of the file of transactions, for each row of the file of customers
FIELDS = ("customer", "date", "amount", "kind", "external_id")


def measure(options: BenchmarkOptions) -> None:
    """Import each file several times; print seconds, throughput, results and memory."""
    logging.disable(logging.WARNING)
    actor = User.objects.get_by_natural_key("importer")
    codes = list(Customer.objects.values_list("code", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # so that each measurement starts with fresh statistics
    print(
        f"{options.rows:,} rows into {options.transactions:,} of {options.customers:,} customers\n"
    )
    table = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        for channel, write_file, send in (
            ("file", _write_csv, _import_file),
            ("API", _write_ndjson, _send_to_api),
        ):
            for label, has_corrections in (("new", False), ("again", False), ("corrected", True)):
                rows = _transactions(codes, options.rows, channel, has_corrections=has_corrections)
                write_file(path, rows)
                table.append(_measured(f"transactions, {channel}: {label}", send, path, actor))
        _write_customers(path, options.rows // ROWS_PER_CUSTOMER)
        table += [
            _measured(f"customers, file: {label}", _import_customers, path, actor)
            for label in ("new", "again")
        ]
    header = ["import", "seconds", "rows/s", "new", "changed", "unchanged", "rejected", "peak MiB"]
    print_table(header, table)


def _measured(
    label: str, send: Callable[[Path, User], dict[str, int]], path: Path, actor: User
) -> list[str]:
    """Import the file; return the cells of a row of the table."""
    with timer() as measured:
        counts = send(path, actor)
    rows_per_second = counts.pop("read") / measured.seconds
    figures = [f"{count:,}" for count in counts.values()]
    peak = f"{peak_memory_mib():.0f}"
    return [label, f"{measured.seconds:.1f}", f"{rows_per_second:,.0f}", *figures, peak]


def _import_file(path: Path, actor: User) -> dict[str, int]:
    with path.open("rb") as stream:
        source = CsvSource(stream, name="bills.csv")
        options = ImportOptions(system=SYSTEM)
        return _counts(import_transactions(source=source, actor=actor, options=options))


def _import_customers(path: Path, actor: User) -> dict[str, int]:
    with path.open("rb") as stream:
        return _counts(import_customers(source=CsvSource(stream, name="c.csv"), actor=actor))


def _counts(result: ImportResult) -> dict[str, int]:
    return {
        "read": result.rows_read,
        "new": result.rows_created,
        "changed": result.rows_changed,
        "unchanged": result.rows_unchanged,
        "rejected": result.rows_rejected,
    }


def _send_to_api(path: Path, actor: User) -> dict[str, int]:
    """Send the file to the bulk API, which reads it as it reads the body of a request."""
    client = Client()
    client.force_login(actor)
    settings = {"ALLOWED_HOSTS": ["testserver"], "API_BULK_MAX_BYTES": path.stat().st_size}
    with path.open("rb") as stream, override_settings(**settings):
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": reverse("api-transactions-bulk"),
            "QUERY_STRING": f"system={SYSTEM}",
            "CONTENT_TYPE": "application/x-ndjson",
            "CONTENT_LENGTH": str(path.stat().st_size),
            "wsgi.input": stream,
        }
        response = client.request(**environ)
    result = json.loads(response.content)
    if "rows_read" not in result:
        raise ValueError(f"The API answered {response.status_code}: {result}")
    names = ("read", "created", "changed", "unchanged", "rejected")
    return {name: result[f"rows_{name}"] for name in names}


def _transactions(
    codes: list[str], rows: int, channel: str, *, has_corrections: bool
) -> Iterator[tuple[str, ...]]:
    """Yield bills of the customers ``codes``, with the values of FIELDS.

    Apart from the corrections they are the same each time, because the random numbers are.
    """
    rng = random.Random(1)
    days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(30)]
    for number in range(rows):
        code, day, cents = rng.choice(codes), rng.choice(days), rng.randint(100, 5_000_000)
        if has_corrections and number % ROWS_PER_CORRECTION == 0:
            cents += 1  # the same external_id with another amount
        amount = f"{cents // 100}.{cents % 100:02}"
        yield code, day, amount, "bill", f"{channel}{number:09}"


def _write_csv(path: Path, rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(FIELDS) + "\n")
        file.writelines(",".join(row) + "\n" for row in rows)


def _write_ndjson(path: Path, rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(dict(zip(FIELDS, row, strict=True))) + "\n" for row in rows)


def _write_customers(path: Path, rows: int) -> None:
    """Write a CSV file of customers with grade, stage, owner and unit."""
    rng = random.Random(1)
    grades = list(Grade.objects.values_list("code", flat=True))
    managers = list(
        User.objects.filter(role__code="account_manager").values_list(
            "employee_number", "unit__code"
        )
    )
    with path.open("w", encoding="utf-8") as file:
        file.write("code,name,grade,stage,owner,unit\n")
        for number in range(rows):
            manager, unit = rng.choice(managers)
            name = f"华天科技第{number}有限公司"
            file.write(f"IMB{number:07},{name},{rng.choice(grades)},signed,{manager},{unit}\n")
