"""Parsing of amounts, dates and times."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from common.parsing.amounts import MAX_MINOR, parse_minor
from common.parsing.dates import parse_date, parse_time
from common.parsing.errors import UnreadableError

LATEST = date(2030, 12, 31)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0), ("12", 1200), ("77.0", 7700), ("11.77", 1177), ("-0.5", -50), (".5", 50),
        ("1,234.56", 123456), ("1,234,567", 123456700), ("１２３．４５", 12345),
        ("１，２３４．５６", 123456), ("¥12.30", 1230), ("￥12.30", 1230), ("-¥5", -500),
        ("¥-5", -500), ("12元", 1200), ("CNY 12.00", 1200), ("(1,234.56)", -123456),
        (" 12 元 ", 1200),
        ("（12）", -1200), ("12.50-", -1250), ("−3.10", -310), ("+4", 400), ("5.", 500),
        ("77.000", 7700), ("000012.50", 1250), ("900000000000000.00", MAX_MINOR),
    ],
)  # fmt: skip
def test_amount_is_parsed(text: str, minor: int) -> None:
    assert parse_minor(text) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_an_amount"), ("abc", "not_an_amount"), ("12,34", "not_an_amount"),
        ("1.234,56", "not_an_amount"), ("1,2345", "not_an_amount"), ("--5", "not_an_amount"),
        ("1 234", "not_an_amount"), ("1  234", "not_an_amount"),
        ("(5", "not_an_amount"), ("(-5)", "not_an_amount"), ("-5-", "not_an_amount"),
        ("$5", "not_an_amount"), ("1 2", "not_an_amount"), (".", "not_an_amount"),
        ("NaN", "not_an_amount"), ("inf", "not_an_amount"), ("1.2.3", "not_an_amount"),
        ("1_000", "not_an_amount"), ("٣", "not_an_amount"), ("=1+1", "not_an_amount"),
        ("1e3", "exponent"), ("1.5E+10", "exponent"),
        ("1.234", "too_precise"), ("0.001", "too_precise"),
        ("9" * 300, "too_large"), ("-" + "9" * 300, "too_large"), ("9" * 5000, "too_large"),
        ("900000000000000.01", "too_large"),
    ],
)  # fmt: skip
def test_invalid_amount_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(UnreadableError) as error:
        parse_minor(text)
    assert error.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "1997-01-31", "1997/1/31", "1997.01.31", "19970131", "1997年1月31日", "1997 年 1 月 31 日",
        "１９９７－０１－３１", "1997-01-31 10:30:00", "1997-01-31T00:00:00+08:00", "35461",
        "35461.5",
    ],
)  # fmt: skip
def test_date_is_parsed(text: str) -> None:
    assert parse_date(text, LATEST) == date(1997, 1, 31)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1900-01-00", "no_such_date"), ("0000-00-00", "no_such_date"),
        ("1997-02-31", "no_such_date"), ("19970231", "no_such_date"),
        ("1997-13-01", "no_such_date"),
        ("31/01/1997", "not_a_date"), ("97-01-31", "not_a_date"), ("0", "not_a_date"),
        ("199701", "not_a_date"), ("yesterday", "not_a_date"), ("1997年1-31", "not_a_date"),
        ("1899-12-31", "date_out_of_range"), ("9999-12-31", "date_out_of_range"),
    ],
)  # fmt: skip
def test_invalid_date_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(UnreadableError) as error:
        parse_date(text, LATEST)
    assert error.value.code == code


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05 9:05", "2026-03-05T09:05:00+08:00"),
        ("2026/3/5 09:05:30", "2026-03-05T09:05:30+08:00"),
        ("2026年3月5日 9:05", "2026-03-05T09:05:00+08:00"),
        ("2026年3月5日9:05", "2026-03-05T09:05:00+08:00"),
        ("2026-03-05T01:05:00Z", "2026-03-05T09:05:00+08:00"),
        ("2026-03-05T23:05:00.25-08:00", "2026-03-06T15:05:00+08:00"),
        ("２０２６－０３－０５　９：０５", "2026-03-05T09:05:00+08:00"),
        ("2026-03-05", "2026-03-05T00:00:00+08:00"),
        ("20260305", "2026-03-05T00:00:00+08:00"),
        ("46086.378472", "2026-03-05T09:05:00+08:00"),
    ],
)
def test_time_is_parsed_in_the_zone_it_names_or_the_given_one(text: str, expected: str) -> None:
    assert parse_time(text, LATEST, SHANGHAI).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-03-05 25:00", "no_such_date"), ("2026-03-05 9:61", "no_such_date"),
        ("2026-03-05 9:05 pm", "not_a_date"), ("9:05", "not_a_date"),
        ("2026-02-30 9:05", "no_such_date"), ("2199-01-01 9:05", "date_out_of_range"),
    ],
)  # fmt: skip
def test_invalid_time_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(UnreadableError) as error:
        parse_time(text, LATEST, SHANGHAI)
    assert error.value.code == code
