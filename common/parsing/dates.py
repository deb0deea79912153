"""Dates as people, systems and spreadsheets write them."""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from common.parsing.errors import UnreadableError

EARLIEST = date(1900, 1, 1)
_FIRST_SERIAL = date(1899, 12, 30)

_WRITTEN = re.compile(
    r"([0-9]{4})\s*([-/.年])\s*([0-9]{1,2})\s*([-/.月])\s*([0-9]{1,2})\s*日?"
    r"(?:[T ]?\s*[0-9]{1,2}:[0-9]{2}.{0,25})?"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")


@lru_cache(maxsize=16384)
def parse_date(text: str, latest: date) -> date:
    """Return the date written as 1997-01-31, 1997/1/31, 19970131, 1997年1月31日 or 35461 (Excel).

    A time behind the date is dropped. Raises UnreadableError: not_a_date, no_such_date, or
    date_out_of_range for one before 1900 or after ``latest``.
    """
    tidy = unicodedata.normalize("NFKC", text)
    serial = _SERIAL.fullmatch(tidy)
    found = _from_serial(int(serial[1])) if serial else _from_parts(*_parts(tidy))
    if not EARLIEST <= found <= latest:
        raise UnreadableError("date_out_of_range")
    return found


def _from_serial(days: int) -> date:
    return _FIRST_SERIAL + timedelta(days=days)


def _parts(text: str) -> tuple[str, str, str]:
    compact = _COMPACT.fullmatch(text)
    if compact:
        return compact[1], compact[2], compact[3]
    written = _WRITTEN.fullmatch(text)
    if written is None or (written[2] == "年") != (written[4] == "月"):
        raise UnreadableError("not_a_date")
    return written[1], written[3], written[5]


def _from_parts(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise UnreadableError("no_such_date") from error
