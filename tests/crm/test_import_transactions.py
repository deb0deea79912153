"""Import of transactions: new, changed, unchanged and rejected rows, and permissions.

The division administrator imports. They see the customers A and B of Gansu, but not HUNAN.
``row_counts`` are the numbers of created, changed, unchanged and rejected rows.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from accounts.acting import Channel
from common.files import FileRefusedError
from crm.models import BillingSystem, Customer, ImportBatch, Transaction
from crm.models.transaction import TransactionKind
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.crm.importing import import_transactions_csv, rejects, row_counts, stored_transactions
from tests.history import fixture_changes

HEADER = "customer,date,amount\n"


def row_locations() -> list[str]:
    """Return the place (ctid) of each row in its table, which any update changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM crm_transaction ORDER BY id")
        return [location for (location,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def _customers(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A")
    make_customer(cast.tianshui, code="B")
    make_customer(cast.changsha, code="HUNAN")


def test_valid_rows_are_stored_with_their_batch(cast: Cast) -> None:
    result = import_transactions_csv(
        HEADER + "A,1997-01-31,11.77\nB,1997/2/1,-3\n", cast.division_admin
    )
    assert row_counts(result) == (2, 0, 0, 0)
    assert stored_transactions() == [("A", "1997-01-31", "11.77"), ("B", "1997-02-01", "-3.00")]
    batch = ImportBatch.objects.get()
    assert (batch.pk, batch.actor, batch.channel) == (
        result.batch_id,
        cast.division_admin,
        Channel.COMMAND,
    )
    assert (batch.rows_read, batch.rows_created) == (2, 2)
    assert {row.batch for row in Transaction.objects.all()} == {batch}


def test_importing_a_file_again_changes_nothing(cast: Cast) -> None:
    text = HEADER + "A,1997-01-31,11.77\nA,1997-01-31,11.77\nB,1997-02-01,5\n"
    import_transactions_csv(text, cast.division_admin)
    before = list(Transaction.objects.order_by("pk").values())
    result = import_transactions_csv(text, cast.division_admin)
    assert row_counts(result) == (0, 0, 3, 0)
    assert list(Transaction.objects.order_by("pk").values()) == before


def test_two_equal_rows_of_a_file_are_two_transactions(cast: Cast) -> None:
    text = HEADER + "A,1997-01-31,11.77\nA,1997-01-31,11.77\n"
    assert row_counts(import_transactions_csv(text, cast.division_admin)) == (2, 0, 0, 0)
    assert stored_transactions() == [("A", "1997-01-31", "11.77")] * 2


def test_same_content_in_another_notation_is_the_same_row(cast: Cast) -> None:
    import_transactions_csv(HEADER + "A,1997-01-31,1234.50\n", cast.division_admin)
    result = import_transactions_csv(HEADER + 'A,1997年1月31日,"￥1,234.5"\n', cast.division_admin)
    assert row_counts(result) == (0, 0, 1, 0)


def test_corrected_row_replaces_the_one_with_its_id(cast: Cast) -> None:
    header = "客户编码,日期,金额,流水号\n"
    import_transactions_csv(
        header + "A,1997-01-31,10,X1\nA,1997-01-31,20,X2\n", cast.division_admin
    )
    result = import_transactions_csv(
        header + "A,1997-01-31,10,X1\nB,1997-03-01,25,X2\nA,1997-01-31,7,X3\n", cast.division_admin
    )
    assert row_counts(result) == (1, 1, 1, 0)
    assert stored_transactions() == [
        ("A", "1997-01-31", "7.00"),
        ("A", "1997-01-31", "10.00"),
        ("B", "1997-03-01", "25.00"),
    ]
    changed = Transaction.objects.get(external_id="X2")
    assert changed.batch_id == result.batch_id


def test_unchanged_rows_are_not_written(cast: Cast) -> None:
    text = "customer,date,amount,id_no\nA,1997-01-31,10,X1\n"
    mapping = {"external_id": "id_no"}
    import_transactions_csv(text, cast.division_admin, mapping=mapping)
    before = row_locations()
    import_transactions_csv(text, cast.division_admin, mapping=mapping)
    assert row_locations() == before


def test_same_id_in_two_systems_is_two_transactions(cast: Cast) -> None:
    from_test = "customer,date,amount,external_id\nA,1997-01-31,10,X1\n"
    import_transactions_csv(from_test, cast.division_admin)
    with fixture_changes():
        BillingSystem.objects.create(code="boss", name_zh="计费", name_en="Billing")
    assert (
        row_counts(import_transactions_csv(from_test, cast.division_admin, system="boss"))[0] == 1
    )
    assert len(stored_transactions()) == 2


def test_repeated_id_with_the_same_content_counts_once(cast: Cast) -> None:
    text = "customer,date,amount,external_id\nA,1997-01-31,10,X1\nA,1997-01-31,10.0,X1\n"
    assert row_counts(import_transactions_csv(text, cast.division_admin)) == (1, 0, 1, 0)


def test_repeated_id_with_other_content_is_rejected(cast: Cast) -> None:
    text = "customer,date,amount,external_id\nA,1997-01-31,10,X1\nA,1997-01-31,11,X1\n"
    result = import_transactions_csv(text, cast.division_admin)
    assert row_counts(result) == (1, 0, 0, 1)
    assert rejects(result) == [(3, "external_id", "twice_in_file")]
    assert stored_transactions() == [("A", "1997-01-31", "10.00")]


def test_rows_without_an_id_may_be_mixed_with_rows_that_have_one(cast: Cast) -> None:
    text = "customer,date,amount,external_id\nA,1997-01-31,10,X1\nA,1997-01-31,10,\n"
    assert row_counts(import_transactions_csv(text, cast.division_admin)) == (2, 0, 0, 0)
    assert row_counts(import_transactions_csv(text, cast.division_admin)) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("A,1900-01-00,1,,", "date", "no_such_date"),
        ("A,0000-00-00,1,,", "date", "no_such_date"),
        ("A,1997-02-31,1,,", "date", "no_such_date"),
        ("A,,1,,", "date", "missing"),
        ("A,soon,1,,", "date", "not_a_date"),
        ("A,1997-01-01,1.234,,", "amount", "too_precise"),
        (f"A,1997-01-01,{'9' * 300},,", "amount", "too_large"),
        ("A,1997-01-01,,,", "amount", "missing"),
        ("A,1997-01-01,1e5,,", "amount", "exponent"),
        ("A,1997-01-01,-5,bill,", "amount", "only_refunds_negative"),
        ("A,1997-01-01,5,退款,", "amount", "only_refunds_negative"),
        ("A,1997-01-01,5,gift,", "kind", "unknown_kind"),
        ("A,1997-01-01,5,,USD", "currency", "other_currency"),
        (",1997-01-01,5,,", "customer", "missing"),
        ("NOBODY,1997-01-01,5,,", "customer", "unknown_customer"),
        (f"{'C' * 41},1997-01-01,5,,", "customer", "too_long"),
        ("A,1997-01-01,5,bill", "", "too_few_fields"),
        ("A,1997-01-01,5,bill,CNY,more", "", "too_many_fields"),
        ("A\0,1997-01-01,5,bill,CNY", "", "bad_character"),
    ],
)
def test_invalid_row_is_rejected_with_line_column_and_reason_and_others_are_stored(
    cast: Cast, row: str, column: str, code: str
) -> None:
    text = f"customer,date,amount,kind,currency\nA,1997-01-01,1,,\n{row}\nB,1997-01-01,2,,\n"
    result = import_transactions_csv(text, cast.division_admin)
    assert rejects(result) == [(3, column, code)]
    assert row_counts(result) == (2, 0, 0, 1)
    assert stored_transactions() == [("A", "1997-01-01", "1.00"), ("B", "1997-01-01", "2.00")]


def test_date_more_than_a_year_ahead_is_rejected(cast: Cast) -> None:
    day = timezone.localdate() + timedelta(days=400)
    result = import_transactions_csv(HEADER + f"A,{day},5\nA,1997-01-01,5\n", cast.division_admin)
    assert rejects(result) == [(2, "date", "date_out_of_range")]


def test_kind_is_read_in_both_languages_or_derived_from_the_sign(cast: Cast) -> None:
    header = "客户编码,日期,金额,类型\n"
    text = (
        header
        + "A,1997-01-01,1,账单\nA,1997-01-01,2,Order\nA,1997-01-01,-3,退款\nA,1997-01-01,-4,\n"
    )
    assert row_counts(import_transactions_csv(text, cast.division_admin))[0] == 4
    kinds = {int(row.amount): row.kind for row in Transaction.objects.all()}
    assert kinds == {
        1: TransactionKind.BILL,
        2: TransactionKind.ORDER,
        -3: TransactionKind.REFUND,
        -4: TransactionKind.REFUND,
    }


def test_hidden_customer_is_rejected_like_an_unknown_one(cast: Cast) -> None:
    text = HEADER + "HUNAN,1997-01-01,1\nNOBODY,1997-01-01,1\nA,1997-01-01,1\n"
    result = import_transactions_csv(text, cast.division_admin)
    assert rejects(result) == [
        (2, "customer", "unknown_customer"),
        (3, "customer", "unknown_customer"),
    ]
    assert result.first_rejects[0].reason == result.first_rejects[1].reason


def test_transaction_of_a_hidden_customer_cannot_be_moved_by_its_id(cast: Cast) -> None:
    header = "customer,date,amount,external_id\n"
    hunan_admin = cast.other_head
    hunan_admin.role = cast.division_admin.role
    with fixture_changes():
        hunan_admin.save()
    import_transactions_csv(header + "HUNAN,1997-01-01,1,X1\n", hunan_admin)
    result = import_transactions_csv(
        header + "A,1997-01-01,9,X1\nA,1997-01-01,2,X2\n", cast.division_admin
    )
    assert rejects(result) == [(2, "external_id", "exists_elsewhere")]
    assert stored_transactions() == [("A", "1997-01-01", "2.00"), ("HUNAN", "1997-01-01", "1.00")]


def test_unknown_customers_are_created_with_the_option(cast: Cast) -> None:
    header = "客户编码,客户名称,日期,金额\n"
    text = header + "N1,新客户有限公司,1997-01-01,5\nN1,,1997-01-02,5\nN2,,1997-01-02,6\n"
    result = import_transactions_csv(text, cast.division_admin, create_customers=True, unit="GSTS")
    assert (result.customers_created, *row_counts(result)) == (2, 3, 0, 0, 0)
    created = Customer.objects.get(code="N1")
    assert (created.name, created.unit, created.version) == ("新客户有限公司", cast.tianshui, 1)
    assert created.source is not None
    assert created.source.code == "billing_import"
    assert Customer.objects.get(code="N2").name == "N2"


def test_creating_customers_rejects_codes_of_hidden_customers_and_malformed_ones(
    cast: Cast,
) -> None:
    text = HEADER + "HUNAN,1997-01-01,1\n=bad code,1997-01-01,1\nNEW,1997-01-01,1\n"
    result = import_transactions_csv(text, cast.division_admin, create_customers=True)
    assert rejects(result) == [(2, "customer", "exists_elsewhere"), (3, "customer", "bad_code")]
    assert "ask head office" in result.first_rejects[0].reason
    assert result.customers_created == 1


def test_dry_run_counts_and_stores_nothing(cast: Cast) -> None:
    text = HEADER + "A,1997-01-01,1\nNEW,1997-01-01,1\nA,never,1\n"
    result = import_transactions_csv(text, cast.division_admin, dry_run=True, create_customers=True)
    assert (result.batch_id, result.customers_created) == (None, 1)
    assert row_counts(result) == (2, 0, 0, 1)
    assert stored_transactions() == []
    assert not Customer.objects.filter(code="NEW").exists()
    assert not ImportBatch.objects.exists()


def test_file_without_a_valid_row_stores_nothing(cast: Cast) -> None:
    result = import_transactions_csv(HEADER + "NOBODY,1997-01-01,1\n", cast.division_admin)
    assert result.is_empty
    assert result.batch_id is None
    assert not ImportBatch.objects.exists()


def test_unclosed_quotation_mark_at_the_end_stores_nothing(cast: Cast) -> None:
    text = HEADER + "A,1997-01-01,1\n" * 50 + 'A,1997-01-01,"1\n'
    with pytest.raises(FileRefusedError, match="Line 52"):
        import_transactions_csv(text, cast.division_admin)
    assert stored_transactions() == []


def test_header_without_rows_is_refused(cast: Cast) -> None:
    with pytest.raises(FileRefusedError) as caught:
        import_transactions_csv(HEADER, cast.division_admin)
    assert caught.value.code == "no_rows"


def test_import_needs_the_permission(cast: Cast) -> None:
    for actor in (cast.manager, cast.executive, cast.sysadmin, cast.auditor):
        with pytest.raises(PermissionDenied):
            import_transactions_csv(HEADER + "A,1997-01-01,1\n", actor)
    assert stored_transactions() == []


@pytest.mark.parametrize(("option", "value"), [("system", "nosuch"), ("unit", "HN")])
def test_unknown_system_and_hidden_unit_are_refused(cast: Cast, option: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        import_transactions_csv(HEADER + "A,1997-01-01,1\n", cast.division_admin, **{option: value})
    assert list(caught.value.message_dict) == [option]


def test_external_id_that_looks_like_a_derived_one_is_rejected(cast: Cast) -> None:
    """A row without an id gets one that is derived from its content."""
    import_transactions_csv(f"{HEADER}A,2026-10-01,5\n", cast.division_admin)
    derived_id = Transaction.objects.get().external_id
    Transaction.objects.all().delete()
    text = f"customer,date,amount,external_id\nA,2026-10-01,5,\nA,2026-10-01,6,{derived_id}\n"
    result = import_transactions_csv(text, cast.division_admin)
    assert row_counts(result) == (1, 0, 0, 1)
    assert rejects(result) == [(3, "external_id", "reserved_id")]
    assert stored_transactions() == [("A", "2026-10-01", "5.00")]
