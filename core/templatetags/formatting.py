"""Icons, amounts, numbers and dates as every page shows them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

DASH = "–"
TONES = {"success": "good", "error": "bad", "warning": "warn", "info": "info", "debug": "neutral"}
# Chinese counts in ten thousands and hundred millions, English in thousands and millions.
LARGE_ZH = ((Decimal(10**8), "亿"), (Decimal(10**4), "万"))
LARGE_EN = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
THREE_FIGURES = Context(prec=3, rounding=ROUND_HALF_UP)


@cache
def _drawing(name: str) -> str:
    text = (Path(settings.ICON_DIR) / f"{name}.svg").read_text(encoding="utf-8")
    return text[text.index("<path") : text.rindex("</svg>")]


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Draw one of the icon set's outlines in the colour of the text around it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        extra,
        mark_safe(_drawing(name)),  # noqa: S308 (from the installed icon package, never from people)
    )


@register.filter
def money(amount: Decimal | None) -> str:
    """Write an amount exactly: thousands separated, two decimals; a dash where there is none."""
    return DASH if amount is None else f"{amount:,.2f}"


@register.filter
def compact(number: Decimal | float | None) -> str:
    """Write a number to three figures with 万/亿 or k/M/B: for key figures, never for tables.

    Below ten thousand the whole part is written out.
    """
    if number is None:
        return DASH
    value = Decimal(str(number))
    rounded = THREE_FIGURES.plus(value)
    if abs(rounded) >= 10_000:
        chinese = (get_language() or "zh").startswith("zh")
        sizes = LARGE_ZH if chinese else LARGE_EN
        size, word = next(pair for pair in sizes if abs(rounded) >= pair[0])
        return f"{(rounded / size).normalize():f}{' ' if chinese else ''}{word}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{rounded.normalize():,f}"


@register.filter
def percent(share: Decimal | float | None, decimals: int = 0) -> str:
    """Write a share (0.25) as a percentage (25%); a dash where there is none."""
    return DASH if share is None else f"{Decimal(str(share)) * 100:,.{decimals}f}%"


@register.simple_tag
def when(moment: date | datetime | None) -> SafeString:
    """Write a date or time as short as it is clear, with the whole of it on hover."""
    if moment is None:
        return format_html('<span class="faint">{}</span>', DASH)
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        whole = date_format(moment, "Y-m-d H:i:s")
        short = date_format(moment, _moment_format(moment))
    else:
        whole = date_format(moment, "Y-m-d")
        short = date_format(moment, "m-d" if moment.year == timezone.localdate().year else "Y-m-d")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, short)


def _moment_format(moment: datetime) -> str:
    today = timezone.localdate()
    if moment.date() == today:
        return "H:i"
    return "m-d H:i" if moment.year == today.year else "Y-m-d"


@register.filter
def tone(level_tag: str) -> str:
    """Return the tone of a message's level."""
    return TONES.get(level_tag, "info")


@register.filter
def page_numbers(page: Page[Any]) -> Iterator[int | None]:
    """Return the numbers a pager shows: the ends and the neighbours; None stands for a gap."""
    pages, here, last = page.paginator.num_pages, page.number, 0
    for number in sorted({1, here - 1, here, here + 1, pages} - {0, pages + 1}):
        if number - last > 1:
            yield None
        yield number
        last = number
