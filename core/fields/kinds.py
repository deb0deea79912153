"""The kinds of value a field can have.

A kind says how text (a cell of a file, a value of a filter) becomes a value, how a value is written
for people, and how it is stored in JSON, which is where custom fields keep theirs. A value that
cannot be accepted raises UnreadableError with a code of ``ValueFault``.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db.models import Model, QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from common.money import from_minor, to_minor
from common.parsing.amounts import parse_minor
from common.parsing.dates import parse_date
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault

MAX_DAYS_AHEAD = timedelta(days=366)
MAX_KEY_LENGTH = 40
MAX_NUMBER = Decimal(10**12)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{1,28}[0-9]")

Choices = Callable[[], Sequence[tuple[str, str | Promise]]]


class FieldKind(ABC):
    """What all kinds of value have in common."""

    sql_type: ClassVar[str]  # of the column a file's cells are staged in
    is_text: ClassVar[bool] = False  # searched by a part of it, not only by the whole

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value a text stands for (not blank); raise UnreadableError."""

    def format(self, value: Any) -> str:
        """Return a value (not None) as people read it."""
        return str(value)

    def to_json(self, value: Any) -> Any:
        """Return what is stored for a value of this kind."""
        return value

    def from_json(self, stored: Any) -> Any:
        """Return the value of what is stored."""
        return stored

    def clean(self, value: Any) -> Any:
        """Return a value sent by a program or a form as a value of this kind.

        Raises ValidationError with the message of the fault.
        """
        try:
            if not isinstance(value, str):
                return self.accept(value)
            return self.parse(value if self.is_text else value.strip())
        except UnreadableError as error:
            raise ValidationError(str(ValueFault(error.code).label)) from error

    def accept(self, value: Any) -> Any:
        """Return a value that is no text, where this kind takes it; raise UnreadableError."""
        raise UnreadableError(self.refusal)

    @property
    def refusal(self) -> str:
        """The fault of a value of a wrong type."""
        return ValueFault.BAD_CHARACTER


@dataclass(frozen=True)
class Text(FieldKind):
    """One line of text."""

    max_length: int = 200
    sql_type: ClassVar[str] = "text"
    is_text: ClassVar[bool] = True

    def parse(self, text: str) -> str:
        """Return the text; too_long, or bad_character for NUL."""
        if len(text) > self.max_length:
            raise UnreadableError(ValueFault.TOO_LONG)
        if "\0" in text:
            raise UnreadableError(ValueFault.BAD_CHARACTER)
        return text


@dataclass(frozen=True)
class LongText(Text):
    """Text of several lines."""

    max_length: int = 10_000


@dataclass(frozen=True)
class Phone(Text):
    """A phone number, as people write it."""

    max_length: int = 30

    def parse(self, text: str) -> str:
        """Return the number in plain characters; not_a_phone."""
        plain = unicodedata.normalize("NFKC", text).replace("\u2010", "-").replace("\u2013", "-")
        if not _PHONE.fullmatch(plain):
            raise UnreadableError(ValueFault.NOT_A_PHONE)
        return plain


@dataclass(frozen=True)
class Email(Text):
    """An e-mail address."""

    def parse(self, text: str) -> str:
        """Return the address; not_an_email."""
        try:
            validate_email(text)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_AN_EMAIL) from error
        return super().parse(text)


@dataclass(frozen=True)
class Url(Text):
    """A web address; ``https://`` is added where no scheme is given."""

    def parse(self, text: str) -> str:
        """Return the address; not_a_url."""
        address = text if "://" in text else f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise UnreadableError(ValueFault.NOT_A_URL) from error
        return super().parse(address)


@dataclass(frozen=True)
class Number(FieldKind):
    """A number with at most ``decimals`` digits behind the point; a Decimal."""

    decimals: int = 0
    sql_type: ClassVar[str] = "numeric"

    def parse(self, text: str) -> Decimal:
        """Read 1234.5 and 1,234.5; not_a_number, not_whole, too_many_decimals, out_of_range."""
        plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
        if not _NUMBER.fullmatch(plain):
            raise UnreadableError(self.refusal)
        return self._checked(Decimal(plain.replace(",", "")))

    def accept(self, value: Any) -> Decimal:
        """Take Python's and JSON's numbers."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise UnreadableError(self.refusal)
        number = Decimal(str(value))
        if not number.is_finite():
            raise UnreadableError(self.refusal)
        return self._checked(number)

    def format(self, value: Any) -> str:
        """Write it with thousands separated and no zeros behind the last decimal."""
        number = Decimal(value).normalize()
        return number_format(number, max(0, -int(number.as_tuple().exponent)))

    def to_json(self, value: Any) -> int | float:
        """Store whole numbers as such. Fifteen digits survive the way through a float."""
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)

    def from_json(self, stored: Any) -> Decimal:
        """Return the number."""
        return Decimal(str(stored))

    @property
    def refusal(self) -> str:
        """The fault of what is no number."""
        return ValueFault.NOT_A_NUMBER

    def _checked(self, number: Decimal) -> Decimal:
        if abs(number) > MAX_NUMBER:
            raise UnreadableError(ValueFault.OUT_OF_RANGE)
        rounded = number.quantize(Decimal(1).scaleb(-self.decimals))
        if rounded != number:
            fault = ValueFault.TOO_MANY_DECIMALS if self.decimals else ValueFault.NOT_WHOLE
            raise UnreadableError(fault)
        return rounded


@dataclass(frozen=True)
class Money(FieldKind):
    """An amount of the company's currency; a Decimal with two decimals."""

    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> Decimal:
        """Read an amount as people write it; the faults of ``parse_minor``."""
        return from_minor(parse_minor(text))

    def accept(self, value: Any) -> Decimal:
        """Take Python's and JSON's numbers."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise UnreadableError(self.refusal)
        return self.parse(str(value))

    def format(self, value: Any) -> str:
        """Write it with thousands separated and two decimals."""
        return number_format(value, 2)

    def to_json(self, value: Any) -> int:
        """Store hundredths."""
        return to_minor(Decimal(value))

    def from_json(self, stored: Any) -> Decimal:
        """Return the amount of stored hundredths."""
        return from_minor(int(stored))

    @property
    def refusal(self) -> str:
        """The fault of what is no amount."""
        return ValueFault.NOT_AN_AMOUNT


@dataclass(frozen=True)
class Date(FieldKind):
    """A day."""

    sql_type: ClassVar[str] = "date"

    def parse(self, text: str) -> date:
        """Read a date as people write it; the faults of ``parse_date``."""
        return parse_date(text, timezone.localdate() + MAX_DAYS_AHEAD)

    def accept(self, value: Any) -> date:
        """Take Python's dates."""
        if type(value) is not date:
            raise UnreadableError(self.refusal)
        return value

    def format(self, value: Any) -> str:
        """Write the whole date."""
        return date_format(value, "Y-m-d")

    def to_json(self, value: Any) -> str:
        """Store 2026-01-31."""
        return str(value.isoformat())

    def from_json(self, stored: Any) -> date:
        """Return the day."""
        return date.fromisoformat(stored)

    @property
    def refusal(self) -> str:
        """The fault of what is no date."""
        return ValueFault.NOT_A_DATE


@dataclass(frozen=True)
class YesNo(FieldKind):
    """Yes or no; not said is neither."""

    sql_type: ClassVar[str] = "boolean"
    TEXTS: ClassVar[Mapping[str, bool]] = {
        "yes": True, "y": True, "true": True, "1": True, "是": True, "有": True, "√": True,
        "no": False, "n": False, "false": False, "0": False, "否": False, "无": False, "×": False,
    }  # fmt: skip

    def parse(self, text: str) -> bool:
        """Read yes/no, true/false, 1/0, 是/否; not_yes_or_no."""
        found = self.TEXTS.get(unicodedata.normalize("NFKC", text).casefold())
        if found is None:
            raise UnreadableError(self.refusal)
        return found

    def accept(self, value: Any) -> bool:
        """Take true and false."""
        if not isinstance(value, bool):
            raise UnreadableError(self.refusal)
        return value

    def format(self, value: Any) -> str:
        """Write yes or no."""
        return _("Yes") if value else _("No")

    @property
    def refusal(self) -> str:
        """The fault of what is neither."""
        return ValueFault.NOT_YES_OR_NO


@dataclass(frozen=True)
class Choice(FieldKind):
    """One of a fixed list, stored by its code. ``synonyms`` are further names in files."""

    choices: Choices
    synonyms: Mapping[str, str] | None = None
    sql_type: ClassVar[str] = "text"

    def parse(self, text: str) -> str:
        """Read a code, or a label in any language; not_in_list."""
        found = self.codes_by_name().get(plain_name(text))
        if found is None:
            raise UnreadableError(self.refusal)
        return found

    def codes_by_name(self) -> dict[str, str]:
        """Return the code of everything a choice is known by."""
        known = {plain_name(name): code for name, code in (self.synonyms or {}).items()}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                known.update({plain_name(str(label)): code for code, label in self.choices()})
        return known | {plain_name(code): code for code, _label in self.choices()}

    def format(self, value: Any) -> str:
        """Write the label; the code where the list has it no more."""
        return str(dict(self.choices()).get(value, value))

    @property
    def refusal(self) -> str:
        """The fault of what is not in the list."""
        return ValueFault.NOT_IN_LIST


@dataclass(frozen=True)
class Reference(FieldKind):
    """Another record, named by one of its unique fields.

    ``records`` are those a user may name, ``offered`` those a form offers (the same where not
    given). ``key`` is the field files and the API name it by, ``lookup`` how it is compared.
    ``label`` writes a record, ``names`` are further texts a file may name it by. ``options_url`` is
    the name of the address that finds records by a part of the name, where there are too many to
    list. ``level`` is how deep an option stands in a tree.
    """

    records: Callable[[User], QuerySet[Any]]
    key: str = "code"
    lookup: str = "code"
    label: Callable[[Any], str] = str
    offered: Callable[[User], QuerySet[Any]] | None = None
    names: Callable[[Any], Sequence[str]] | None = None
    options_url: str = ""
    level: Callable[[Any], int] | None = None
    empty_label: str | Promise = "–"
    fault: ValueFault = ValueFault.NOT_YOURS
    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> Any:
        """Refuse: which records there are depends on the user; see ``ids_by_name``."""
        raise UnreadableError(self.fault)

    def key_text(self, text: str) -> str:
        """Return the key as a file writes it; too_long for what can be none."""
        if len(text) > MAX_KEY_LENGTH:
            raise UnreadableError(ValueFault.TOO_LONG)
        return text

    def ids_by_name(self, user: User) -> dict[str, int]:
        """Return the id of everything a file of the user's may name a record by.

        A name that two records share (a section and its division) means neither; keys go first.
        """
        keys: dict[str, int] = {}
        names: dict[str, int] = {}
        shared: set[str] = set()
        for record in self.records(user):
            keys[plain_name(str(getattr(record, self.key)))] = record.pk
            for name in {plain_name(text) for text in self.names(record)} if self.names else ():
                if name and names.setdefault(name, record.pk) != record.pk:
                    shared.add(name)
        return {name: pk for name, pk in names.items() if name not in shared} | keys

    def format(self, value: Model) -> str:
        """Write the record."""
        return self.label(value)

    @property
    def refusal(self) -> str:
        """The fault of what is not found."""
        return self.fault


def plain_name(text: str) -> str:
    """Return a name as it is compared: without case, width and white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
