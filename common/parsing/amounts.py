"""Parsing amounts to minor units, which are integer hundredths of the currency (分)."""

import re
import unicodedata
from collections.abc import Sequence

from common.parsing.errors import UnreadableError

# 900 trillion yuan: a hundredth of the maximum of a bigint, so that sums of many rows fit too.
MAX_MINOR = 9 * 10**16
MAX_DIGITS = 15  # before the decimal point; checked before int(), which is slow for long texts

# Most amounts of imports have this form, which is parsed faster. 14 digits are below MAX_MINOR.
_PLAIN_AMOUNT = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]{1,2}))?")
_DECORATED_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[+-]?)(?:¥|CNY|RMB|人民币)?(?P<inner_sign>[+-]?)"
    r"(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.(?P<fraction>[0-9]*))?"
    r"(?:元|CNY|RMB)?(?P<end_sign>-?)(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
# Spaces between two digits stay, so that "1 234" is refused.
_SPACE_NOT_BETWEEN_DIGITS = re.compile(r"(?<![0-9 ]) +| +(?![0-9 ])")
_EXPONENT = re.compile(r"[+-]?[0-9.]+e[+-]?[0-9]+", re.ASCII | re.IGNORECASE)
# Texts with exactly two decimals, each with a line end.
_PLAIN_COLUMN = re.compile(r"(?:-?[0-9]{1,14}\.[0-9]{2}\n)+")


def parse_minor_column(texts: Sequence[str]) -> list[int]:
    """Return ``parse_minor`` of each text; raise UnreadableError if one cannot be parsed.

    If all texts have two decimals, as most files of amounts, this takes a quarter of the time.
    """
    column = "\n".join(texts) + "\n"
    if _PLAIN_COLUMN.fullmatch(column):
        return list(map(int, column.replace(".", "").split()))
    return list(map(parse_minor, texts))


def parse_minor(text: str) -> int:
    """Return an amount in hundredths: ``12.34`` becomes 1234.

    Accepts ``1,234.56``, full-width digits, ¥ and 元, a minus sign at the start or the end, and
    parentheses for negative amounts. Raises UnreadableError with the code not_an_amount, exponent
    (``1.2E+06``, as spreadsheets shorten a number), too_precise (more than two decimals) or
    too_large (above MAX_MINOR).
    """
    plain = _PLAIN_AMOUNT.fullmatch(text)
    if plain:
        sign, whole, fraction = plain.groups()
        minor = int(whole) * 100 + (int(fraction.ljust(2, "0")) if fraction else 0)
        return -minor if sign else minor
    return _parse_decorated(text)


def _parse_decorated(text: str) -> int:
    """Parse an amount with currency, separators, spaces or another sign than a leading minus."""
    # NFKC makes full-width characters half-width; U+2212 is the mathematical minus sign.
    normalised = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    normalised = _SPACE_NOT_BETWEEN_DIGITS.sub("", normalised)
    match = _DECORATED_AMOUNT.fullmatch(normalised)
    if match is None or not (match["whole"] or match["fraction"]):
        raise UnreadableError("exponent" if _EXPONENT.fullmatch(normalised) else "not_an_amount")
    # At most one sign is allowed, and an opening parenthesis counts as one.
    signs = match["sign"] + match["inner_sign"] + match["end_sign"] + (match["open"] or "")
    if len(signs) > 1 or bool(match["open"]) != bool(match["close"]):
        raise UnreadableError("not_an_amount")
    whole = (match["whole"] or "0").replace(",", "").lstrip("0")
    fraction = (match["fraction"] or "").rstrip("0")
    if len(whole) > MAX_DIGITS:
        raise UnreadableError("too_large")
    if len(fraction) > 2:
        raise UnreadableError("too_precise")
    minor = int(whole or "0") * 100 + int(fraction.ljust(2, "0"))
    if minor > MAX_MINOR:
        raise UnreadableError("too_large")
    return minor if signs in {"", "+"} else -minor  # "-" or "("
