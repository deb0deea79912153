"""Template tags and filters for icons, amounts, numbers and dates.

All templates have them without ``{% load %}`` (settings.TEMPLATES).
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

DASH = "–"
# By the tag of a Django message's level; values are those of the attribute data-tone in the CSS.
TONES = {"success": "good", "error": "bad", "warning": "warn", "info": "info", "debug": "neutral"}
# Chinese has words for 10⁴ and 10⁸, English for thousands, millions and billions.
UNITS_ZH = ((Decimal(10**8), "亿"), (Decimal(10**4), "万"))
UNITS_EN = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
THREE_FIGURES = Context(prec=3, rounding=ROUND_HALF_UP)


@cache
def _icon_paths(name: str) -> str:
    """Return the content of an icon's SVG; raise FileNotFoundError for an unknown name."""
    text = (Path(settings.ICON_DIR) / f"{name}.svg").read_text(encoding="utf-8")
    return text[text.index("<path") : text.rindex("</svg>")]


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Return the SVG of an icon of settings.ICON_DIR, in the colour of the text around it.

    Raises FileNotFoundError for an unknown name.
    """
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        css_class,
        mark_safe(_icon_paths(name)),  # noqa: S308 (from the installed icon package, not from users)
    )


@register.filter
def money(amount: Decimal | None) -> str:
    """Format an amount with thousands separators and two decimals; a dash for None."""
    return DASH if amount is None else f"{amount:,.2f}"


@register.filter
def compact(number: Decimal | float | None) -> str:
    """Round a number for a key figure: ``1.23 万``, ``12.3k``; a dash for None.

    The number is first rounded to three significant digits. If that gives 10,000 or more (from
    9,995 on), these are shown with a unit: 万 or 亿 in Chinese, k, M or B in English. From 1,000 on
    all digits of the whole number are shown, below that the three significant digits.
    """
    if number is None:
        return DASH
    value = Decimal(str(number))
    rounded = THREE_FIGURES.plus(value)
    if abs(rounded) >= 10_000:
        is_chinese = (get_language() or "zh").startswith("zh")
        units = UNITS_ZH if is_chinese else UNITS_EN
        size, unit = next(pair for pair in units if abs(rounded) >= pair[0])
        return f"{(rounded / size).normalize():f}{' ' if is_chinese else ''}{unit}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{rounded.normalize():,f}"


@register.filter
def percent(share: Decimal | float | None, decimals: int = 0) -> str:
    """Format a share (0.25) as a percentage (25%); a dash for None."""
    return DASH if share is None else f"{Decimal(str(share)) * 100:,.{decimals}f}%"


@register.simple_tag
def when(moment: date | datetime | None) -> SafeString:
    """Format a date or time as short as it is clear; the tooltip has the full one. A dash for None.

    A time of today is ``14:05``, of this year ``03-31 14:05``, of another year ``2025-03-31``. A
    date of this year is ``03-31``.
    """
    if moment is None:
        return format_html('<span class="faint">{}</span>', DASH)
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        full, short = f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment:{_short_format(moment)}}"
    else:
        full = f"{moment:%Y-%m-%d}"
        short = f"{moment:%m-%d}" if moment.year == timezone.localdate().year else full
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, short)


def _short_format(moment: datetime) -> str:
    today = timezone.localdate()
    if moment.date() == today:
        return "%H:%M"
    return "%m-%d %H:%M" if moment.year == today.year else "%Y-%m-%d"


@register.filter
def tone(level_tag: str) -> str:
    """Return the tone (a colour by meaning, such as ``"good"``) of a message's level tag."""
    return TONES.get(level_tag, "info")
