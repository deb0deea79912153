"""Parsing dates and times, also the serials of spreadsheets, which are numbers of days."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from common.parsing.errors import UnreadableError

MIN_DATE = date(1900, 1, 1)
_DATE_OF_SERIAL_0 = date(1899, 12, 30)  # right for serials from 61, and five digits are more

# A time after the date, with up to 25 more characters for seconds and time zone, is accepted.
_SEPARATED_DATE = re.compile(
    r"([0-9]{4})\s*([-/.年])\s*([0-9]{1,2})\s*([-/.月])\s*([0-9]{1,2})\s*日?"
    r"(?:[T ]?\s*[0-9]{1,2}:[0-9]{2}.{0,25})?"
)
_COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SPREADSHEET_SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
# The time of day behind a date, with seconds and time zone: 9:30, 09:30:15.2, 01:30Z, 09:30+08:00.
_TIME_OF_DAY = re.compile(
    r"[T日 ]\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?"
    r"\s*(Z|[+-][0-9]{2}:?[0-9]{2})?$"
)


@lru_cache(maxsize=16384)
def parse_date(text: str, latest: date) -> date:
    """Return the date written as 1997-01-31, 1997/1/31, 19970131, 1997年1月31日 or 35461 (Excel).

    A time after the date is dropped. ``latest`` is the last date that is accepted. Raises
    UnreadableError with the code not_a_date (another form), no_such_date (1997-02-30), or
    date_out_of_range (before 1900 or after ``latest``). Results are cached, because the rows of a
    file repeat few dates.
    """
    normalised = unicodedata.normalize("NFKC", text)
    serial = _SPREADSHEET_SERIAL.fullmatch(normalised)
    parsed = _from_serial(int(serial[1])) if serial else _make_date(*_split_date(normalised))
    if not MIN_DATE <= parsed <= latest:
        raise UnreadableError("date_out_of_range")
    return parsed


def parse_time(text: str, latest: date, zone: tzinfo) -> datetime:
    """Return the time written as a date that ``parse_date`` reads, and a time of day behind it.

    ``2026-01-31 9:30``, ``2026年1月31日 09:30:00``, ``2026-01-31T01:30Z`` and the serial 46053.3958
    are times; a date alone is its first moment. A time without a zone is one of ``zone``. Raises
    UnreadableError with the codes of ``parse_date``, and no_such_date for a time like 25:00.
    """
    normalised = unicodedata.normalize("NFKC", text).strip()
    day = parse_date(normalised, latest)
    if _SPREADSHEET_SERIAL.fullmatch(normalised):
        seconds = round((float(normalised) % 1) * 86_400)
        return datetime.combine(day, time.min, tzinfo=zone) + timedelta(seconds=seconds)
    if ":" not in normalised:
        return datetime.combine(day, time.min, tzinfo=zone)
    time_of_day = _TIME_OF_DAY.search(normalised)
    if time_of_day is None:
        raise UnreadableError("not_a_date")
    hour, minute, second, offset = time_of_day.groups()
    try:
        moment = datetime.combine(day, time(int(hour), int(minute), int(second or 0)))
        if offset:
            moment = datetime.strptime(f"{moment:%Y-%m-%dT%H:%M:%S}{offset}", "%Y-%m-%dT%H:%M:%S%z")
        else:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise UnreadableError("no_such_date") from error


def _from_serial(days: int) -> date:
    return _DATE_OF_SERIAL_0 + timedelta(days=days)


def _split_date(text: str) -> tuple[str, str, str]:
    """Return year, month and day; raise UnreadableError with the code not_a_date."""
    compact = _COMPACT_DATE.fullmatch(text)
    if compact:
        return compact[1], compact[2], compact[3]
    separated = _SEPARATED_DATE.fullmatch(text)
    if separated is None or (separated[2] == "年") != (separated[4] == "月"):
        raise UnreadableError("not_a_date")
    return separated[1], separated[3], separated[5]


def _make_date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise UnreadableError("no_such_date") from error
