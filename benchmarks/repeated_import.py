"""A file of transactions into a full table: new, then sent again, then with a hundredth corrected.

Works on a copy of the kept company, which is dropped afterwards.
"""

import random
import tempfile
from datetime import date, timedelta
from pathlib import Path

from django.db import connection

from accounts.models import User
from benchmarks.measuring import Size, clock, peak_memory, show
from common.files import CsvSource
from crm.models import Customer
from crm.services.importing import ImportOptions, import_transactions

SYSTEM = "boss"
FIRST_DAY = date(2025, 11, 1)
CORRECTED_EVERY = 100


def measure(size: Size) -> None:
    """Import the file three times; print seconds, what came of the rows, and peak memory."""
    actor = User.objects.get_by_natural_key("importer")
    codes = list(Customer.objects.values_list("code", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    print(f"{size.rows:,} rows into {size.transactions:,} of {size.customers:,} customers\n")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bills.csv"
        for label, corrected in (("new", False), ("sent again", False), ("corrected", True)):
            _write(path, codes, size.rows, corrected=corrected)
            rows.append(_import(label, path, actor))
    show(["file", "seconds", "new", "changed", "unchanged", "rejected"], rows)
    print(f"peak memory of this process: {peak_memory():.0f} MiB")


def _import(label: str, path: Path, actor: User) -> list[str]:
    with path.open("rb") as stream, clock() as running:
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
    return [label, f"{running.seconds:.1f}", *(f"{count:,}" for count in counts)]


def _write(path: Path, codes: list[str], rows: int, *, corrected: bool) -> None:
    """Write the file: the same one each time, but for the corrections."""
    rng = random.Random(1)
    days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(30)]
    with path.open("w", encoding="utf-8") as file:
        file.write("customer,date,amount,kind,external_id\n")
        for number in range(rows):
            code, day, cents = rng.choice(codes), rng.choice(days), rng.randint(100, 5_000_000)
            if corrected and number % CORRECTED_EVERY == 0:
                cents += 1
            file.write(f"{code},{day},{cents // 100}.{cents % 100:02},bill,X{number:09}\n")
