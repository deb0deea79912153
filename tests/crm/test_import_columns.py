"""Finding our columns in a file's header."""

import pytest
from django.core.exceptions import ValidationError

from common.files import FileRefusedError
from crm.fields import CUSTOMER_FIELDS
from crm.services.importing.columns import (
    TRANSACTION_COLUMNS,
    Column,
    declared_columns,
    match_columns,
)


@pytest.mark.parametrize(
    "header",
    [
        ["customer_id", "date", "amount"],
        ["Customer ID", "OCCURRED ON", "Amount (CNY)"],
        ["客户编码", "交易日期", "金额（元）"],
        ["集团 编码", "账期", "金额"],
        ["ｃｕｓｔｏｍｅｒ", "日期", "交易金额"],
    ],
)
def test_header_is_understood_in_both_languages(header: list[str]) -> None:
    matched = match_columns(TRANSACTION_COLUMNS, header, {})
    assert matched.positions == {"customer": 0, "date": 1, "amount": 2}
    assert matched.ignored == []


def test_unknown_headers_are_named() -> None:
    header = ["customer", "colour", "date", "amount", ""]
    assert match_columns(TRANSACTION_COLUMNS, header, {}).ignored == ["colour"]


def test_missing_column_says_what_was_found_and_how_to_map() -> None:
    with pytest.raises(FileRefusedError) as caught:
        match_columns(TRANSACTION_COLUMNS, ["customer", "when", "how much"], {})
    message = caught.value.message
    assert all(part in message for part in ("date, amount", "when, how much", "--map"))


def test_mapping_names_columns_and_wins_over_guesses() -> None:
    header = ["customer", "date", "amount", "Net Total"]
    mapping = {"amount": "net_total", "customer": "customer"}
    matched = match_columns(TRANSACTION_COLUMNS, header, mapping)
    assert matched.positions["amount"] == 3
    assert matched.ignored == ["amount"]


def test_column_mapped_to_nothing_is_ignored() -> None:
    header = ["customer", "date", "amount", "type"]
    matched = match_columns(TRANSACTION_COLUMNS, header, {"kind": ""})
    assert "kind" not in matched.positions
    assert matched.ignored == ["type"]


@pytest.mark.parametrize("mapping", [{"colour": "date"}, {"amount": "nowhere"}])
def test_mapping_to_what_is_not_there_is_refused(mapping: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        match_columns(TRANSACTION_COLUMNS, ["customer", "date", "amount"], mapping)
    assert list(caught.value.message_dict) == ["mapping"]


def test_two_columns_that_mean_the_same_are_refused_until_one_is_chosen() -> None:
    header = ["customer", "date", "amount", "金额"]
    with pytest.raises(FileRefusedError) as caught:
        match_columns(TRANSACTION_COLUMNS, header, {})
    assert caught.value.code == "ambiguous_columns"
    assert match_columns(TRANSACTION_COLUMNS, header, {"amount": "金额"}).positions["amount"] == 3


def test_amounts_in_ten_thousands_are_not_taken_for_yuan() -> None:
    with pytest.raises(FileRefusedError, match="amount"):
        match_columns(TRANSACTION_COLUMNS, ["customer", "date", "金额（万元）"], {})


@pytest.mark.parametrize(
    "columns", [TRANSACTION_COLUMNS, declared_columns(CUSTOMER_FIELDS, key="code")]
)
def test_no_header_means_two_columns(columns: tuple[Column, ...]) -> None:
    names = [name for column in columns for name in (column.name, *column.aliases)]
    assert len(names) == len(set(names))
