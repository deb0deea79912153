"""Matching the header of a file to the columns of an import."""

import pytest
from django.core.exceptions import ValidationError

from common.files import FileRefusedError
from crm.fields import CUSTOMER_FIELDS
from crm.services.importing.columns import (
    TRANSACTION_COLUMNS,
    ImportColumn,
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
def test_headers_in_both_languages_are_matched(header: list[str]) -> None:
    matched = match_columns(TRANSACTION_COLUMNS, header, {})
    assert matched.positions == {"customer": 0, "date": 1, "amount": 2}
    assert matched.ignored_headers == []


def test_unknown_headers_are_ignored_and_listed() -> None:
    header = ["customer", "colour", "date", "amount", ""]
    assert match_columns(TRANSACTION_COLUMNS, header, {}).ignored_headers == ["colour"]


def test_error_of_a_missing_column_lists_the_headers_and_the_map_option() -> None:
    with pytest.raises(FileRefusedError) as caught:
        match_columns(TRANSACTION_COLUMNS, ["customer", "when", "how much"], {})
    message = caught.value.message
    assert all(part in message for part in ("date, amount", "when, how much", "--map"))


def test_mapping_takes_precedence_over_known_headers() -> None:
    header = ["customer", "date", "amount", "Net Total"]
    mapping = {"amount": "net_total", "customer": "customer"}
    matched = match_columns(TRANSACTION_COLUMNS, header, mapping)
    assert matched.positions["amount"] == 3
    assert matched.ignored_headers == ["amount"]


def test_column_mapped_to_nothing_is_ignored() -> None:
    header = ["customer", "date", "amount", "type"]
    matched = match_columns(TRANSACTION_COLUMNS, header, {"kind": ""})
    assert "kind" not in matched.positions
    assert matched.ignored_headers == ["type"]


@pytest.mark.parametrize("mapping", [{"colour": "date"}, {"colour": ""}, {"amount": "nowhere"}])
def test_mapping_of_an_unknown_column_or_header_is_refused(mapping: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        match_columns(TRANSACTION_COLUMNS, ["customer", "date", "amount"], mapping)
    assert list(caught.value.message_dict) == ["mapping"]


def test_two_headers_of_one_column_are_refused_unless_one_is_mapped() -> None:
    header = ["customer", "date", "amount", "金额"]
    with pytest.raises(FileRefusedError) as caught:
        match_columns(TRANSACTION_COLUMNS, header, {})
    assert caught.value.code == "ambiguous_columns"
    assert match_columns(TRANSACTION_COLUMNS, header, {"amount": "金额"}).positions["amount"] == 3


def test_amounts_in_ten_thousands_are_not_read_as_yuan() -> None:
    with pytest.raises(FileRefusedError, match="amount"):
        match_columns(TRANSACTION_COLUMNS, ["customer", "date", "金额（万元）"], {})


@pytest.mark.parametrize(
    "columns", [TRANSACTION_COLUMNS, declared_columns(CUSTOMER_FIELDS, required={"code"})]
)
def test_no_alias_belongs_to_two_columns(columns: tuple[ImportColumn, ...]) -> None:
    names = [name for column in columns for name in (column.name, *column.aliases)]
    assert len(names) == len(set(names))
