"""The kinds of value a field can have.

A kind parses text (a cell of a file, a value of a filter) into a value, formats a value for people,
and converts it to and from JSON, where the values of custom fields are stored. A value that cannot
be accepted raises UnreadableError with a code of ``ValueFault``.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from common.money import from_minor, to_minor
from common.parsing.amounts import parse_minor
from common.parsing.dates import parse_date
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault

MAX_DATE = date(2199, 12, 31)  # a later date is taken for a typing mistake
MAX_VALUE_LENGTH = 200  # of a number, date or choice as text; parsing a longer one takes too long
MAX_NUMBER = Decimal(10**12)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores neither
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{1,28}[0-9]")

Choices = Callable[[], Sequence[tuple[str, str | Promise]]]


class FieldKind(ABC):
    """The base of all kinds."""

    sql_type: ClassVar[str]  # of the column that an import stages the values in
    # Free text: filters match a part of it, white space around it is kept, and the model stores
    # an empty value as "" instead of NULL.
    is_text: ClassVar[bool] = False

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value of a text that is not blank; raise UnreadableError."""

    def format(self, value: Any) -> str:
        """Return the text of a value (not None) for people."""
        return str(value)

    def to_json(self, value: Any) -> Any:
        """Return the JSON that is stored for a value of this kind."""
        return value

    def from_json(self, stored: Any) -> Any:
        """Return the value of stored JSON."""
        return stored

    def clean(self, value: Any) -> Any:
        """Return a value from a program or a form as a value of this kind.

        Raises ValidationError with the message of the fault.
        """
        try:
            if not isinstance(value, str):
                return self.accept(value)
            if not self.is_text and len(value) > MAX_VALUE_LENGTH:
                return self.accept(None)  # which refuses it
            return self.parse(value if self.is_text else value.strip())
        except UnreadableError as error:
            raise ValidationError(str(ValueFault(error.code).label)) from error

    def accept(self, value: Any) -> Any:
        """Return a value that is not a string, such as a JSON number; raise UnreadableError."""
        raise UnreadableError(self.wrong_type_fault)

    @property
    def wrong_type_fault(self) -> str:
        """The fault of a value that is not of this kind."""
        return ValueFault.BAD_CHARACTER


@dataclass(frozen=True)
class Text(FieldKind):
    """One line of text."""

    max_length: int = 200
    sql_type: ClassVar[str] = "text"
    is_text: ClassVar[bool] = True

    def parse(self, text: str) -> str:
        """Return the text; faults: too_long, bad_character for NUL and halves of characters."""
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
    """A phone number, as people write it."""

    max_length: int = 30

    def parse(self, text: str) -> str:
        """Return the number in ASCII characters; fault: not_a_phone."""
        phone = unicodedata.normalize("NFKC", text).replace("\u2010", "-").replace("\u2013", "-")
        if not _PHONE.fullmatch(phone):
            raise UnreadableError(ValueFault.NOT_A_PHONE)
        return phone


@dataclass(frozen=True)
class Email(Text):
    """An e-mail address."""

    def parse(self, text: str) -> str:
        """Return the address; fault: not_an_email."""
        try:
            validate_email(text)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_AN_EMAIL) from error
        return super().parse(text)


@dataclass(frozen=True)
class Url(Text):
    """A web address; ``https://`` is added where no scheme is given."""

    def parse(self, text: str) -> str:
        """Return the address; fault: not_a_url."""
        address = text if "://" in text else f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_A_URL) from error
        return super().parse(address)


@dataclass(frozen=True)
class Number(FieldKind):
    """A Decimal with at most ``decimals`` digits behind the point."""

    decimals: int = 0
    sql_type: ClassVar[str] = "numeric"

    def parse(self, text: str) -> Decimal:
        """Parse 1234.5 and 1,234.5; faults: not_a_number and those of ``_check_number``."""
        digits = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
        if not _NUMBER.fullmatch(digits):
            raise UnreadableError(self.wrong_type_fault)
        return self._check_number(Decimal(digits.replace(",", "")))

    def accept(self, value: Any) -> Decimal:
        """Accept int, float and Decimal, but no bool."""
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
        """Return an int where possible, else a float.

        A float is exact for 15 significant digits. MAX_NUMBER and the decimals of custom fields
        allow more only for numbers that nobody types.
        """
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)

    def from_json(self, stored: Any) -> Decimal:
        """Return the Decimal of a stored number."""
        return Decimal(str(stored))

    @property
    def wrong_type_fault(self) -> str:
        """The fault of a value that is no number."""
        return ValueFault.NOT_A_NUMBER

    def _check_number(self, number: Decimal) -> Decimal:
        if abs(number) > MAX_NUMBER:
            raise UnreadableError(ValueFault.OUT_OF_RANGE)
        rounded = number.quantize(Decimal(1).scaleb(-self.decimals))
        if rounded != number:
            fault = ValueFault.TOO_MANY_DECIMALS if self.decimals else ValueFault.NOT_WHOLE
            raise UnreadableError(fault)
        return rounded


@dataclass(frozen=True)
class Money(FieldKind):
    """An amount in the company's currency: a Decimal with two decimals.

    Databases and JSON store hundredths, as an integer: see ``common.money``.
    """

    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> Decimal:
        """Parse an amount as people write it; faults: those of ``parse_minor``."""
        return from_minor(parse_minor(text))

    def accept(self, value: Any) -> Decimal:
        """Accept int, float and Decimal, but no bool."""
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
        """The fault of a value that is no amount."""
        return ValueFault.NOT_AN_AMOUNT


@dataclass(frozen=True)
class Date(FieldKind):
    """A day."""

    sql_type: ClassVar[str] = "date"

    def parse(self, text: str) -> date:
        """Parse a date as people write it; faults: those of ``parse_date``."""
        return parse_date(text, MAX_DATE)

    def accept(self, value: Any) -> date:
        """Accept a date, but no datetime."""
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
        """Return the date of a stored text."""
        return date.fromisoformat(stored)

    @property
    def wrong_type_fault(self) -> str:
        """The fault of a value that is no date."""
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

    def accept(self, value: Any) -> bool:
        """Accept True and False."""
        if not isinstance(value, bool):
            raise UnreadableError(self.wrong_type_fault)
        return value

    def format(self, value: Any) -> str:
        """Return yes or no in the active language."""
        return _("Yes") if value else _("No")

    @property
    def wrong_type_fault(self) -> str:
        """The fault of a value that is neither."""
        return ValueFault.NOT_YES_OR_NO


@dataclass(frozen=True)
class Choice(FieldKind):
    """One of a list of codes. ``synonyms`` maps further names in files to codes."""

    choices: Choices
    synonyms: Mapping[str, str] | None = None
    sql_type: ClassVar[str] = "text"

    def parse(self, text: str) -> str:
        """Parse a code, a label in any language, or a synonym; fault: not_in_list."""
        code = self.codes_by_name().get(normalise_name(text))
        if code is None:
            raise UnreadableError(self.wrong_type_fault)
        return code

    def codes_by_name(self) -> dict[str, str]:
        """Return the codes by normalised code, label in any language, and synonym."""
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
        """The fault of a value that is not in the list."""
        return ValueFault.NOT_IN_LIST


def normalise_name(text: str) -> str:
    """Return a name without differences of case, width and white space, for comparison."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
