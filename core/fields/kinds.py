"""The kinds of value a field can have: text, number, date, choice and so on.

A kind parses text (a cell of a file, a value of a filter) into a Python value, formats a value for
people, and converts it to and from the JSON in which the values of custom fields are stored.
``parse`` and ``from_python`` refuse a value with an UnreadableError, whose code is a ValueFault;
``clean``, for forms, services and the API, with a ValidationError that has the fault's message.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from common.money import from_minor, to_minor
from common.parsing.amounts import parse_minor
from common.parsing.dates import parse_date, parse_time
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from core.fields.kind import FieldKind

MAX_DATE = date(2199, 12, 31)  # a later date is taken for a typing mistake
MAX_NUMBER = Decimal(10**12)  # so that a JSON float is exact to two decimals: see Number.to_json
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores no NUL and no surrogates
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()/-]{1,28}[0-9]")

# Returns pairs of code and label. Called at each use, for the list of a custom field can change.
Choices = Callable[[], Sequence[tuple[str, str | Promise]]]


@dataclass(frozen=True)
class Text(FieldKind):
    """One line of text."""

    max_length: int = 200
    sql_type: ClassVar[str] = "text"
    is_text: ClassVar[bool] = True

    def parse(self, text: str) -> str:
        """Return the text; faults: too_long, bad_character (NUL or a lone surrogate)."""
        if len(text) > self.max_length:
            raise UnreadableError(ValueFault.TOO_LONG)
        if _UNSTORABLE.search(text):
            raise UnreadableError(ValueFault.BAD_CHARACTER)
        return text.replace("\r\n", "\n")  # browsers send line ends as both characters


@dataclass(frozen=True)
class LongText(Text):
    """Text of several lines."""

    max_length: int = 10_000


@dataclass(frozen=True)
class Phone(Text):
    """A phone number as people write it, such as ``+86 21-6000 0000``."""

    max_length: int = 30

    def parse(self, text: str) -> str:
        """Return the number in ASCII characters, otherwise as written; fault: not_a_phone."""
        phone = unicodedata.normalize("NFKC", text).replace("\u2010", "-").replace("\u2013", "-")
        if not _PHONE.fullmatch(phone):
            raise UnreadableError(ValueFault.NOT_A_PHONE)
        return phone


@dataclass(frozen=True)
class Email(Text):
    """An e-mail address."""

    def parse(self, text: str) -> str:
        """Return the address unchanged; faults: not_an_email, too_long."""
        try:
            validate_email(text)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_AN_EMAIL) from error
        return super().parse(text)


@dataclass(frozen=True)
class Url(Text):
    """A web address; ``https://`` is added where no scheme is given."""

    def parse(self, text: str) -> str:
        """Return the address with its scheme; faults: not_a_url, too_long."""
        address = text if "://" in text else f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_A_URL) from error
        return super().parse(address)


@dataclass(frozen=True)
class Number(FieldKind):
    """A Decimal with at most ``decimals`` digits behind the point, between two limits."""

    decimals: int = 0
    minimum: Decimal = -MAX_NUMBER
    maximum: Decimal = MAX_NUMBER
    sql_type: ClassVar[str] = "numeric"

    def parse(self, text: str) -> Decimal:
        """Parse 1234.5 and 1,234.5.

        Faults: not_a_number, out_of_range, and not_whole or too_many_decimals.
        """
        digits = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
        if not _NUMBER.fullmatch(digits):
            raise UnreadableError(self.wrong_type_fault)
        return self._check_number(Decimal(digits.replace(",", "")))

    def from_python(self, value: Any) -> Decimal:
        """Accept int, float and Decimal; refuse bool, which Python counts as an int."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise UnreadableError(self.wrong_type_fault)
        number = Decimal(str(value))
        if not number.is_finite():
            raise UnreadableError(self.wrong_type_fault)
        return self._check_number(number)

    def format(self, value: Any) -> str:
        """Return the number with thousands separators and without trailing zeros."""
        number = Decimal(value).normalize()
        return number_format(number, max(0, -int(number.as_tuple().exponent)))

    def to_json(self, value: Any) -> int | float:
        """Return an int for a whole number, else a float.

        A float is exact for 15 significant digits. MAX_NUMBER and the six decimals of custom fields
        allow 18 (a trillion with millionths), which is not expected of real data.
        """
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)

    def from_json(self, stored: Any) -> Decimal:
        """Return the Decimal of a stored number."""
        return Decimal(str(stored))

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_a_number."""
        return ValueFault.NOT_A_NUMBER

    def _check_number(self, number: Decimal) -> Decimal:
        if not self.minimum <= number <= self.maximum:
            raise UnreadableError(ValueFault.OUT_OF_RANGE)
        rounded = number.quantize(Decimal(1).scaleb(-self.decimals))
        if rounded != number:
            fault = ValueFault.TOO_MANY_DECIMALS if self.decimals else ValueFault.NOT_WHOLE
            raise UnreadableError(fault)
        return rounded


@dataclass(frozen=True)
class Money(FieldKind):
    """An amount in the company's currency: a Decimal with two decimals.

    The database and JSON store it as an integer of hundredths: see ``common.money``.
    """

    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> Decimal:
        """Parse an amount as people write it, such as ``¥1,234.56``.

        Faults: not_an_amount, exponent, too_precise, too_large.
        """
        return from_minor(parse_minor(text))

    def from_python(self, value: Any) -> Decimal:
        """Accept int, float and Decimal; refuse bool, which Python counts as an int."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise UnreadableError(self.wrong_type_fault)
        return self.parse(str(value))

    def format(self, value: Any) -> str:
        """Return the amount with thousands separators and two decimals."""
        return number_format(value, 2)

    def to_json(self, value: Any) -> int:
        """Return the amount in hundredths."""
        return to_minor(Decimal(value))

    def from_json(self, stored: Any) -> Decimal:
        """Return the amount of stored hundredths."""
        return from_minor(int(stored))

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_an_amount."""
        return ValueFault.NOT_AN_AMOUNT


@dataclass(frozen=True)
class Date(FieldKind):
    """A day, a ``datetime.date``."""

    sql_type: ClassVar[str] = "date"

    def parse(self, text: str) -> date:
        """Parse a date as people write it, such as ``1997/1/31`` or ``1997年1月31日``.

        Faults: not_a_date, no_such_date, date_out_of_range (before 1900 or after MAX_DATE).
        """
        return parse_date(text, MAX_DATE)

    def from_python(self, value: Any) -> date:
        """Accept a date; refuse a datetime, whose day depends on the time zone."""
        if type(value) is not date:
            raise UnreadableError(self.wrong_type_fault)
        return self.parse(value.isoformat())

    def format(self, value: Any) -> str:
        """Return the date as 2026-01-31."""
        return date_format(value, "Y-m-d")

    def to_json(self, value: Any) -> str:
        """Return the date as 2026-01-31."""
        return str(value.isoformat())

    def from_json(self, stored: Any) -> date:
        """Return the date of a stored text, such as ``"2026-01-31"``."""
        return date.fromisoformat(stored)

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_a_date."""
        return ValueFault.NOT_A_DATE


@dataclass(frozen=True)
class DateTime(FieldKind):
    """A moment, an aware ``datetime``; text without a time zone is local time."""

    sql_type: ClassVar[str] = "timestamptz"

    def parse(self, text: str) -> datetime:
        """Parse a time as people and programs write it: see ``parse_time``.

        Faults: not_a_date, no_such_date, date_out_of_range.
        """
        return parse_time(text, MAX_DATE, timezone.get_current_timezone())

    def from_python(self, value: Any) -> datetime:
        """Accept an aware datetime; refuse one without a time zone."""
        if not isinstance(value, datetime) or timezone.is_naive(value):
            raise UnreadableError(self.wrong_type_fault)
        return value

    def format(self, value: Any) -> str:
        """Return the local time as 2026-01-31 09:30."""
        return date_format(timezone.localtime(value), "Y-m-d H:i")

    def to_json(self, value: Any) -> str:
        """Return the time in UTC: 2026-01-31T01:30:00+00:00."""
        return str(value.astimezone(UTC).isoformat())

    def from_json(self, stored: Any) -> datetime:
        """Return the time of a stored text."""
        return datetime.fromisoformat(stored)

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_a_date."""
        return ValueFault.NOT_A_DATE


@dataclass(frozen=True)
class YesNo(FieldKind):
    """True or False."""

    sql_type: ClassVar[str] = "boolean"
    VALUES_BY_TEXT: ClassVar[Mapping[str, bool]] = {
        "yes": True, "y": True, "true": True, "1": True, "是": True, "有": True, "√": True,
        "no": False, "n": False, "false": False, "0": False, "否": False, "无": False, "×": False,
    }  # fmt: skip

    def parse(self, text: str) -> bool:
        """Parse yes/no, true/false, 1/0, 是/否; fault: not_yes_or_no."""
        value = self.VALUES_BY_TEXT.get(unicodedata.normalize("NFKC", text).casefold())
        if value is None:
            raise UnreadableError(self.wrong_type_fault)
        return value

    def from_python(self, value: Any) -> bool:
        """Accept True and False."""
        if not isinstance(value, bool):
            raise UnreadableError(self.wrong_type_fault)
        return value

    def format(self, value: Any) -> str:
        """Return yes or no in the active language."""
        return _("Yes") if value else _("No")

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_yes_or_no."""
        return ValueFault.NOT_YES_OR_NO


@dataclass(frozen=True)
class Choice(FieldKind):
    """One code of a list, stored as the code and shown as its label."""

    choices: Choices
    synonyms: Mapping[str, str] | None = None  # further names in files, mapped to their codes
    sql_type: ClassVar[str] = "text"

    def parse(self, text: str) -> str:
        """Parse a code, a label in any language, or a synonym; fault: not_in_list."""
        code = self.codes_by_name().get(normalise_name(text))
        if code is None:
            raise UnreadableError(self.wrong_type_fault)
        return code

    def codes_by_name(self) -> dict[str, str]:
        """Return the codes by normalised code, label in any language, and synonym.

        Where one name stands for two codes, a code takes precedence over a label, and a label over
        a synonym.
        """
        codes = {normalise_name(name): code for name, code in (self.synonyms or {}).items()}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                codes.update({normalise_name(str(label)): code for code, label in self.choices()})
        return codes | {normalise_name(code): code for code, _label in self.choices()}

    def format(self, value: Any) -> str:
        """Return the label of a code; the code itself if the list no longer has it."""
        return str(dict(self.choices()).get(value, value))

    @property
    def wrong_type_fault(self) -> str:
        """The fault not_in_list."""
        return ValueFault.NOT_IN_LIST


def normalise_name(text: str) -> str:
    """Return a name for comparison, without case, full width and white space.

    ``"Ａcme  Ltd"`` becomes ``"acmeltd"``.
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
