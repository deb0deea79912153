"""Relative periods of days in filters: ``last_30_days``, ``this_month``, ``before_last_90_days``.

A period is stored by its code, so that a saved filter means other days tomorrow.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault

MAX_PERIOD_DAYS = 3660
_COUNTED = re.compile(r"(last|next|before_last)_([0-9]{1,4})_days?")
_CALENDAR = re.compile(r"(this|last)_(month|quarter|year)")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """A relative period, such as ``last_30_days``; see ``parse_period`` for all codes."""

    code: str

    def days(self, today: date) -> tuple[date | None, date | None]:
        """Return the first and the last day of the period; None where it has no limit.

        ``last_30_days`` are today and the 29 days before; ``next_7_days`` are today and the 6 days
        after. ``before_last_30_days`` are all days before ``last_30_days``.
        """
        if self.code == "today":
            return today, today
        if self.code == "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        counted = _COUNTED.fullmatch(self.code)
        if counted:
            direction, days = counted[1], int(counted[2])
            if direction == "next":
                return today, today + timedelta(days=days - 1)
            first = today - timedelta(days=days - 1)
            return (first, today) if direction == "last" else (None, first - timedelta(days=1))
        return self._calendar_days(today)

    def _calendar_days(self, today: date) -> tuple[date, date]:
        position, unit = self.code.split("_")
        months = _MONTHS[unit]
        first_month = (today.year * 12 + today.month - 1) // months * months
        if position == "last":
            first_month -= months
        return _first_day(first_month), _first_day(first_month + months) - timedelta(days=1)

    @property
    def label(self) -> str:
        """The period in words."""
        counted = _COUNTED.fullmatch(self.code)
        if counted:
            return _counted_label(counted[1], int(counted[2]))
        return {
            "today": _("today"),
            "yesterday": _("yesterday"),
            "this_month": _("this month"),
            "last_month": _("last month"),
            "this_quarter": _("this quarter"),
            "last_quarter": _("last quarter"),
            "this_year": _("this year"),
            "last_year": _("last year"),
        }[self.code]


def parse_period(text: str) -> Period:
    """Return the period of a code; raise UnreadableError (not_a_period) for any other text.

    Codes are ``today``, ``yesterday``, ``this_`` and ``last_`` with ``month``, ``quarter`` or
    ``year``, and ``last_``, ``next_`` and ``before_last_`` with a number of days: ``next_7_days``.
    """
    code = text.strip().lower()
    counted = _COUNTED.fullmatch(code)
    if counted and 1 <= int(counted[2]) <= MAX_PERIOD_DAYS:
        return Period(f"{counted[1]}_{int(counted[2])}_days")
    if code in {"today", "yesterday"} or _CALENDAR.fullmatch(code):
        return Period(code)
    raise UnreadableError(ValueFault.NOT_A_PERIOD)


def _first_day(month_number: int) -> date:
    """Return the first day of a month, counted from January of the year 0."""
    return date(month_number // 12, month_number % 12 + 1, 1)


def _counted_label(direction: str, days: int) -> str:
    if direction == "next":
        return ngettext("next day", "next %(days)s days", days) % {"days": days}
    if direction == "last":
        return ngettext("last day", "last %(days)s days", days) % {"days": days}
    return ngettext("before the last day", "before the last %(days)s days", days) % {"days": days}
