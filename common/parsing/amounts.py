"""Amounts as people and systems write them, to integer hundredths (分)."""

import re
import unicodedata

from common.parsing.errors import UnreadableError

# Far below the end of a bigint, so that sums over many rows still fit one.
LARGEST = 9 * 10**16
MAX_DIGITS = 15

_PLAIN = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]{1,2}))?")
_WRITTEN = re.compile(
    r"(?P<open>\()?(?P<sign>[+-]?)(?:¥|CNY|RMB|人民币)?(?P<inner>[+-]?)"
    r"(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.(?P<part>[0-9]*))?"
    r"(?:元|CNY|RMB)?(?P<behind>-?)(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
_SPACE_BESIDE_SIGN = re.compile(r"(?<![0-9]) | (?![0-9])")
_EXPONENT = re.compile(r"[+-]?[0-9.]+e[+-]?[0-9]+", re.ASCII | re.IGNORECASE)


def parse_minor(text: str) -> int:
    """Return an amount in hundredths.

    Reads ``1,234.56``, full-width digits, ¥ and 元, a minus before or behind, parentheses for
    negatives. Raises UnreadableError: not_an_amount, exponent, too_precise, too_large.
    """
    plain = _PLAIN.fullmatch(text)
    if plain:
        sign, whole, part = plain.groups()
        minor = int(whole) * 100 + (int(part.ljust(2, "0")) if part else 0)
        return -minor if sign else minor
    return _parse_written(text)


def _parse_written(text: str) -> int:
    tidy = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    tidy = _SPACE_BESIDE_SIGN.sub("", tidy)
    found = _WRITTEN.fullmatch(tidy)
    if found is None or not (found["whole"] or found["part"]):
        raise UnreadableError("exponent" if _EXPONENT.fullmatch(tidy) else "not_an_amount")
    signs = found["sign"] + found["inner"] + found["behind"] + (found["open"] or "")
    if len(signs) > 1 or bool(found["open"]) != bool(found["close"]):
        raise UnreadableError("not_an_amount")
    whole = (found["whole"] or "0").replace(",", "").lstrip("0")
    part = (found["part"] or "").rstrip("0")
    if len(whole) > MAX_DIGITS:
        raise UnreadableError("too_large")
    if len(part) > 2:
        raise UnreadableError("too_precise")
    minor = int(whole or "0") * 100 + int(part.ljust(2, "0"))
    if minor > LARGEST:
        raise UnreadableError("too_large")
    return minor if signs in {"", "+"} else -minor
