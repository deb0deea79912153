"""The benchmark ``import``: import a generated file three times into a large table.

The first import has new rows, the second has the same rows again, and in the third one row of a
hundred is corrected. This runs on a copy of the company's database.
"""

import random
import tempfile
from datetime import date, timedelta
from pathlib import Path

from django.db import connection

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table, timer
from common.files import CsvSource
from crm.models import Customer
from crm.services.importing import ImportOptions, import_transactions

SYSTEM = "boss"  # the billing system that sends the rows; telecom operators call theirs BOSS
FIRST_DAY = date(2025, 11, 1)  # of the month before database.AS_OF
ROWS_PER_CORRECTION = 100


def measure(options: BenchmarkOptions) -> None:
    """Import the file three times; print the seconds, the results of the rows and the memory."""
    actor = User.objects.get_by_natural_key("importer")
    codes = list(Customer.objects.values_list("code", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # so that each measurement starts with fresh statistics
    print(
        f"{options.rows:,} rows into {options.transactions:,} of {options.customers:,} customers\n"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bills.csv"
        for label, has_corrections in (("new", False), ("sent again", False), ("corrected", True)):
            _write_file(path, codes, options.rows, has_corrections=has_corrections)
            rows.append(_import(label, path, actor))
    print_table(["file", "seconds", "new", "changed", "unchanged", "rejected"], rows)
    print(f"peak memory of this process: {peak_memory_mib():.0f} MiB")


def _import(label: str, path: Path, actor: User) -> list[str]:
    """Import the file; return the cells of a row of the table."""
    with path.open("rb") as stream, timer() as measured:
        result = import_transactions(
            source=CsvSource(stream, name=path.name),
            actor=actor,
            options=ImportOptions(system=SYSTEM),
        )
    counts = (
        result.rows_created,
        result.rows_changed,
        result.rows_unchanged,
        result.rows_rejected,
    )
    return [label, f"{measured.seconds:.1f}", *(f"{count:,}" for count in counts)]


def _write_file(path: Path, codes: list[str], rows: int, *, has_corrections: bool) -> None:
    """Write a CSV file of ``rows`` bills of the customers ``codes``.

    Apart from the corrections it is the same each time, because the random numbers are.
    """
    rng = random.Random(1)
    days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(30)]
    with path.open("w", encoding="utf-8") as file:
        file.write("customer,date,amount,kind,external_id\n")
        for number in range(rows):
            code, day, cents = rng.choice(codes), rng.choice(days), rng.randint(100, 5_000_000)
            if has_corrections and number % ROWS_PER_CORRECTION == 0:
                cents += 1  # the same external_id with another amount
            file.write(f"{code},{day},{cents // 100}.{cents % 100:02},bill,X{number:09}\n")
