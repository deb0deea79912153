"""Rows of transactions are parsed by column, many at once, with the results of parsing each row."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from crm.models import Transaction
from crm.services.importing.columns import TRANSACTION_COLUMNS, match_columns
from crm.services.importing.staging import BLOCK_ROWS, RowRejectedError
from crm.services.importing.transaction_rows import TransactionRowParser
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.crm.importing import import_transactions_csv, rejects, row_counts

HEADER = ["customer", "date", "amount", "kind", "external_id", "currency", "customer_name"]
# Each cell has values of which most are valid, so that many blocks have no row to reject.
CELLS = (
    st.sampled_from(["A", " B ", "兰州", "C" * 40, "C" * 41, ""]),
    st.sampled_from(["2026-03-05", " 2026年3月5日", "46086", "2026-02-30", ""]),
    st.sampled_from(["12.50", "-3.00", " 7.1", "¥1,234.50", "00.10", "0", "1.234", "1e5", ""]),
    st.sampled_from(["", "bill", "Order ", "退款", "gift"]),
    st.sampled_from(["", "X1", " X2", "#not derived", "#ABCDEFGHIJKLMNOPQRST/1", "X" * 101]),
    st.sampled_from(["", "CNY", "元", "USD"]),
    st.sampled_from(["", "华天科技 有限公司", "a\tb\\c"]),
)


def _parser(header: Sequence[str]) -> TransactionRowParser:
    matched = match_columns(TRANSACTION_COLUMNS, header, {})
    return TransactionRowParser(matched, currency="CNY", latest_date=date(2027, 1, 1))


def _parse_rows(parser: TransactionRowParser, rows: Sequence[Sequence[str]]) -> Any:
    """Return the values of the rows as texts in the way of COPY; None if one is rejected."""
    try:
        values = [parser.parse_row(list(row)) for row in rows]
    except RowRejectedError:
        return None
    return [[{True: "t", False: "f"}[row[-1]] if n == len(row) - 1 else str(value)
             for n, value in enumerate(row)] for row in values]  # fmt: skip


def _parse_block(parser: TransactionRowParser, rows: Sequence[Sequence[str]]) -> Any:
    columns = parser.parse_columns(list(zip(*rows, strict=True)))
    return columns if columns is None else [list(row) for row in zip(*columns, strict=True)]


@given(st.lists(st.tuples(*CELLS), min_size=1, max_size=4), st.integers(min_value=3, max_value=7))
def test_block_has_the_values_of_its_rows(rows: list[tuple[str, ...]], width: int) -> None:
    parser = _parser(HEADER[:width])
    cut_rows = [row[:width] for row in rows]
    assert _parse_block(parser, cut_rows) == _parse_rows(parser, cut_rows)


@pytest.fixture
def importer(cast: Cast) -> User:
    make_customer(cast.lanzhou, code="A")
    return cast.division_admin


def test_invalid_rows_of_a_long_file_are_rejected_alone(importer: User) -> None:
    count = 3 * BLOCK_ROWS + 7
    amounts = [f"{number}.25" for number in range(count)]
    amounts[BLOCK_ROWS + 5], amounts[-1] = "much", "1.234"
    text = "customer,date,amount\n" + "".join(f"A,2026-03-05,{amount}\n" for amount in amounts)
    result = import_transactions_csv(text, importer)
    assert row_counts(result) == (count - 2, 0, 0, 2)
    assert rejects(result) == [
        (BLOCK_ROWS + 7, "amount", "not_an_amount"),  # the header is line 1
        (count + 1, "amount", "too_precise"),
    ]
    assert row_counts(import_transactions_csv(text, importer)) == (0, 0, count - 2, 2)


def test_characters_that_copy_escapes_are_kept(importer: User) -> None:
    lines = [f"A,2026-03-05,1.00,N{number}\\n\t{number}\n" for number in range(BLOCK_ROWS)]
    import_transactions_csv("customer,date,amount,external_id\n" + "".join(lines), importer)
    ids = set(Transaction.objects.values_list("external_id", flat=True))
    assert ids == {f"N{number}\\n\t{number}" for number in range(BLOCK_ROWS)}
