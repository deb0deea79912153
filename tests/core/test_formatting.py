"""The template tags and filters for numbers, dates, icons and pages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from core.templatetags.formatting import compact, icon, money, percent, tone, when


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("1234567.5"), "1,234,567.50"),
        (Decimal("-0.01"), "-0.01"),
        (Decimal(0), "0.00"),
        (None, "–"),
    ],
)
def test_money_is_exact_and_grouped_in_both_languages(
    language: str, amount: Decimal | None, expected: str
) -> None:
    with translation.override(language):
        assert money(amount) == expected


@pytest.mark.parametrize(
    ("number", "chinese", "english"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (2344, "2,344", "2,344"),
        (9994, "9,994", "9,994"),
        (9999, "1 万", "10k"),
        (12345, "1.23 万", "12.3k"),
        (999_999, "100 万", "1M"),
        (123_456_789, "1.23 亿", "123M"),
        (-45_600_000_000, "-456 亿", "-45.6B"),
        (999.6, "1,000", "1,000"),
        (0.5, "0.5", "0.5"),
        (None, "–", "–"),
    ],
)
def test_compact_rounds_to_three_digits_with_the_units_of_the_language(
    number: float | None, chinese: str, english: str
) -> None:
    with translation.override("zh-hans"):
        assert compact(number) == chinese
    with translation.override("en"):
        assert compact(number) == english


def test_percent_formats_a_share() -> None:
    assert percent(0.256) == "26%"
    assert percent(Decimal("0.256"), 1) == "25.6%"
    assert percent(None) == "–"


def test_when_shortens_the_date_and_has_the_full_one_as_title() -> None:
    now = timezone.now()
    assert f">{timezone.localtime(now):%H:%M}</time>" in when(now)
    old = datetime(1997, 1, 2, 16, 30, tzinfo=UTC)
    assert when(old) == (
        '<time datetime="1997-01-03T00:30:00+08:00" title="1997-01-03 00:30:00">1997-01-03</time>'
    )
    assert ">1997-01-02</time>" in when(date(1997, 1, 2))
    this_year = timezone.localdate().replace(month=1, day=2)
    assert ">01-02</time>" in when(this_year)
    assert "–" in when(None)


def test_when_shows_day_and_time_for_another_day_of_this_year() -> None:
    yesterday = timezone.localtime() - timedelta(days=1)
    expected = (
        f"{yesterday:%m-%d %H:%M}"
        if yesterday.year == timezone.localdate().year
        else f"{yesterday:%F}"
    )
    assert f">{expected}</time>" in when(yesterday)


def test_icon_is_an_svg_hidden_from_screen_readers() -> None:
    svg = icon("home", "sm")
    assert svg.startswith('<svg class="icon sm"')
    assert 'aria-hidden="true"' in svg
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_tone_of_message_levels() -> None:
    assert [tone(tag) for tag in ("success", "error", "warning", "info")] == [
        "good",
        "bad",
        "warn",
        "info",
    ]
