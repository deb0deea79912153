"""Imports of a real file, of two files at the same time, and of long files in little memory."""

import io
import threading
import tracemalloc
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from accounts.models import User
from common.files import CsvSource
from crm.models import Customer, ImportBatch, Transaction
from crm.services.importing import ImportOptions, ImportResult, import_transactions
from tests.cast import Cast
from tests.crm.importing import cdnow_sample, import_transactions_csv, row_counts


def test_sample_of_real_purchases_is_imported_completely_and_once(cast: Cast) -> None:
    purchases = cdnow_sample()
    text = "customer_id,date,amount\n" + "".join(f"{','.join(row)}\n" for row in purchases)
    result = import_transactions_csv(text, cast.division_admin, create_customers=True)
    assert row_counts(result) == (len(purchases), 0, 0, 0)
    assert len(purchases) == 6919
    assert result.customers_created == 2357
    total = Transaction.objects.aggregate(total=Sum("amount"))["total"]
    assert total == sum(Decimal(amount) for _customer, _date, amount in purchases)
    assert row_counts(import_transactions_csv(text, cast.division_admin)) == (
        0,
        0,
        len(purchases),
        0,
    )


def test_memory_does_not_grow_with_the_file(cast: Cast) -> None:
    def peak_memory(rows: int) -> int:
        text = "customer,date,amount\n" + "".join(
            f"C{n % 50},1997-01-01,{n}.50\n" for n in range(rows)
        )
        stream = io.BytesIO(text.encode())
        del text
        tracemalloc.start()
        try:
            result = import_transactions(
                source=CsvSource(stream, name="long.csv"),
                actor=cast.division_admin,
                options=ImportOptions(create_customers=True),
            )
            _current, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert result.rows_rejected == 0
        return peak

    peak_memory(1000)  # loads what is loaded only once
    # 250,000 bytes are read at a time. A longer file needs no more memory; 1 MiB is tolerance.
    assert peak_memory(40_000) < peak_memory(12_000) + (1 << 20)


@pytest.mark.usefixtures("own_database")
def test_two_concurrent_imports_of_the_same_rows_store_them_once() -> None:
    rows = [f"C{n % 40},1997-01-{n % 28 + 1:02},{n % 7}.50\n" for n in range(3000)]
    orders = [rows, rows[::-1]]  # opposite orders, so that two imports at once would deadlock
    barrier = threading.Barrier(len(orders))
    results: list[ImportResult] = []

    def import_lines(lines: list[str]) -> None:
        text = "customer,date,amount\n" + "".join(lines)
        try:
            source = CsvSource(io.BytesIO(text.encode()), name="same.csv")
            importer = User.objects.get_by_natural_key("importer")
            barrier.wait(timeout=30)
            options = ImportOptions(create_customers=True)
            results.append(import_transactions(source=source, actor=importer, options=options))
        finally:
            connection.close()

    threads = [threading.Thread(target=import_lines, args=(lines,)) for lines in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(row_counts(result) for result in results) == [(0, 0, 3000, 0), (3000, 0, 0, 0)]
    assert Transaction.objects.count() == 3000
    assert Customer.objects.count() == 40
    assert ImportBatch.objects.count() == 2


@pytest.mark.usefixtures("own_database")
def test_large_import_updates_statistics_and_the_visibility_map() -> None:
    importer = User.objects.get_by_natural_key("importer")
    text = "customer,date,amount\n" + "".join(f"C{n % 40},1997-01-01,{n}\n" for n in range(12_000))
    import_transactions_csv(text, importer, create_customers=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples, relpages, relallvisible FROM pg_class "
            "WHERE relname = 'crm_transaction'"
        )
        rows, pages, visible = cursor.fetchone()
    assert rows == 12_000
    assert visible == pages > 0
