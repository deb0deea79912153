"""Transactions refer to customers, batches and billing systems that exist, whoever writes them.

Triggers check it for all rows of a statement together (``common.statement_references``). These
tests write with SQL and the ORM, past the services. A connection sees only what others have
committed, so the tests of two sessions use ``committed_cast``.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest
from django.db import IntegrityError, NotSupportedError, OperationalError, connection, transaction

from crm.models import BillingSystem, Customer, ImportBatch, Transaction
from tests.cast import Cast
from tests.concurrency import closing_its_connection, wait_until_blocked
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.crm.importing import import_transactions_csv, row_counts
from tests.history import fixture_changes

DAY = date(2026, 3, 5)
NO_SUCH_ID = 9_999
INSERT_ROWS = """
    INSERT INTO crm_transaction (customer_id, amount, occurred_on, batch_id, billing_system_id,
                                 kind, currency, external_id)
    SELECT unnest(%s::bigint[]), 100, '2026-03-05', %s, %s, 1, 'CNY', 'R' || random()
"""


def _system() -> BillingSystem:
    return BillingSystem.objects.get(code="file")


def _insert(customer_ids: list[int], batch: ImportBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ROWS, [customer_ids, batch.pk, _system().pk])


def _delete(table: str, pk: int) -> None:
    with fixture_changes(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])


def _fails_with(constraint: str) -> pytest.RaisesExc[IntegrityError]:
    return pytest.raises(IntegrityError, check=lambda error: _constraint(error) == constraint)


def _constraint(error: IntegrityError) -> str:
    return str(getattr(error.__cause__, "diag").constraint_name)  # noqa: B009


def test_one_row_of_a_missing_customer_refuses_the_whole_statement(cast: Cast) -> None:
    customer, batch = make_customer(cast.lanzhou), make_batch(cast.division_admin)
    with _fails_with("crm_transaction_customer_id_exists"), transaction.atomic():
        _insert([customer.pk, customer.pk, NO_SUCH_ID], batch)
    _insert([customer.pk, customer.pk], batch)
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize("column", ["customer_id", "batch_id", "billing_system_id"])
def test_transaction_cannot_be_changed_to_refer_to_nothing(cast: Cast, column: str) -> None:
    customer, batch = make_customer(cast.lanzhou), make_batch(cast.division_admin)
    make_transaction(customer, on=DAY, amount="5", batch=batch)
    with _fails_with(f"crm_transaction_{column}_exists"), transaction.atomic():
        Transaction.objects.update(**{column: NO_SUCH_ID})


@pytest.mark.parametrize("name", ["customer", "batch", "billing_system"])
def test_what_a_transaction_refers_to_is_not_deleted(cast: Cast, name: str) -> None:
    customer, batch = make_customer(cast.lanzhou), make_batch(cast.division_admin)
    referred = getattr(make_transaction(customer, on=DAY, amount="5", batch=batch), name)
    table = referred._meta.db_table
    with _fails_with(f"crm_transaction_{name}_id_exists"), transaction.atomic():
        _delete(table, referred.pk)
    Transaction.objects.all().delete()
    _delete(table, referred.pk)


def test_id_of_a_customer_does_not_change(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    with (
        _fails_with("crm_transaction_customer_id_exists"),
        transaction.atomic(),
        fixture_changes(),
    ):
        Customer.objects.filter(pk=customer.pk).update(id=NO_SUCH_ID)


def test_customers_are_truncated_only_together_with_their_transactions(cast: Cast) -> None:
    customer, batch = make_customer(cast.lanzhou), make_batch(cast.division_admin)
    make_transaction(customer, on=DAY, amount="5", batch=batch)
    with connection.cursor() as cursor:
        # The other tables that refer to customers are truncated with CASCADE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with _fails_with("crm_transaction_customer_id_exists"), transaction.atomic():
            cursor.execute("TRUNCATE crm_customer CASCADE")
        cursor.execute("TRUNCATE crm_customer, crm_transaction CASCADE")


def test_transaction_waits_for_the_deletion_of_its_customer_and_is_refused(
    committed_cast: Cast,
) -> None:
    customer = make_customer(committed_cast.lanzhou)
    batch = make_batch(committed_cast.division_admin)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            _delete("crm_customer", customer.pk)
            insertion = _start(pool, lambda: _insert([customer.pk], batch))
            wait_until_blocked()
        with _fails_with("crm_transaction_customer_id_exists"):
            insertion.result(timeout=10)
    assert not Transaction.objects.exists()


def test_transaction_is_stored_if_the_deletion_of_its_customer_is_rolled_back(
    committed_cast: Cast,
) -> None:
    customer = make_customer(committed_cast.lanzhou)
    batch = make_batch(committed_cast.division_admin)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            _delete("crm_customer", customer.pk)
            insertion = _start(pool, lambda: _insert([customer.pk], batch))
            wait_until_blocked()
            transaction.set_rollback(True)
        insertion.result(timeout=10)
    assert Transaction.objects.get().customer == customer


def test_deletion_waits_for_the_transaction_of_its_customer_and_is_refused(
    committed_cast: Cast,
) -> None:
    customer = make_customer(committed_cast.lanzhou)
    batch = make_batch(committed_cast.division_admin)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            _insert([customer.pk], batch)
            deletion = _start(pool, lambda: _delete("crm_customer", customer.pk))
            wait_until_blocked()
        with _fails_with("crm_transaction_customer_id_exists"):
            deletion.result(timeout=10)
    assert Transaction.objects.get().customer == customer


def test_import_that_meets_the_deletion_of_a_customer_stores_nothing(committed_cast: Cast) -> None:
    cast = committed_cast
    customer = make_customer(cast.lanzhou, code="GONE")
    make_customer(cast.lanzhou, code="STAYS")
    text = "customer,date,amount\nSTAYS,2026-03-05,5\nGONE,2026-03-05,5\n"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            _delete("crm_customer", customer.pk)
            result = _start(pool, lambda: import_transactions_csv(text, cast.division_admin))
            wait_until_blocked()
        with _fails_with("crm_transaction_customer_id_exists"):
            result.result(timeout=10)
    assert not Transaction.objects.exists()
    counts = row_counts(import_transactions_csv(text, cast.division_admin))
    assert (counts.created, counts.rejected) == (1, 1)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_deletion_with_a_snapshot_older_than_the_transaction_is_refused(
    committed_cast: Cast, level: str
) -> None:
    """The deletion would not see the transaction that was stored after its snapshot."""
    customer = make_customer(committed_cast.lanzhou)
    batch = make_batch(committed_cast.division_admin)
    with ThreadPoolExecutor(1) as pool, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        assert not Transaction.objects.exists()  # takes the snapshot
        _start(pool, lambda: _insert([customer.pk], batch)).result(timeout=10)
        with pytest.raises(NotSupportedError, match="READ COMMITTED"):
            _delete("crm_customer", customer.pk)
        transaction.set_rollback(True)
    assert Transaction.objects.get().customer == customer


def test_insertion_with_a_snapshot_older_than_the_deletion_is_refused(
    committed_cast: Cast,
) -> None:
    customer = make_customer(committed_cast.lanzhou)
    batch = make_batch(committed_cast.division_admin)
    with ThreadPoolExecutor(1) as pool, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert Customer.objects.filter(pk=customer.pk).exists()  # takes the snapshot
        _start(pool, lambda: _delete("crm_customer", customer.pk)).result(timeout=10)
        with pytest.raises(OperationalError, match="could not serialize access"):
            _insert([customer.pk], batch)
        transaction.set_rollback(True)
    assert not Transaction.objects.exists()


def _start(pool: ThreadPoolExecutor, job: Callable[[], object]) -> Future[object]:
    """Run the job in a thread, on a connection of its own."""
    return pool.submit(closing_its_connection(job))
