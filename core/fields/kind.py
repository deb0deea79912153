"""The base of the kinds of value a field can have; the kinds themselves are in ``kinds``."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault

MAX_VALUE_LENGTH = 200  # of a number, date or choice as text; parsing a longer one takes too long


class FieldKind(ABC):
    """The base of all kinds."""

    sql_type: ClassVar[str]  # of the column of an import's staging table
    # True for free text: filters match a part of it, white space around it is kept, and the model
    # stores an empty value as "" instead of NULL.
    is_text: ClassVar[bool] = False

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value of a text that is not blank; raise UnreadableError if it is none."""

    def format(self, value: Any) -> str:
        """Return the text of a value (not None) for people."""
        return str(value)

    def to_json(self, value: Any) -> Any:
        """Return what is stored in JSON for a value of this kind: a str, int, float or bool."""
        return value

    def from_json(self, stored: Any) -> Any:
        """Return the value for what ``to_json`` returned."""
        return stored

    def clean(self, value: Any) -> Any:
        """Return a value of this kind for a text or another Python value that is not blank.

        Raises ValidationError with the message of the fault.
        """
        try:
            return self._from_text(value) if isinstance(value, str) else self.from_python(value)
        except UnreadableError as error:
            raise ValidationError(str(ValueFault(error.code).label)) from error

    def _from_text(self, text: str) -> Any:
        if self.is_text:
            return self.parse(text)
        if len(text) > MAX_VALUE_LENGTH:
            raise UnreadableError(self.wrong_type_fault)
        return self.parse(text.strip())

    def from_python(self, value: Any) -> Any:
        """Return the value for an object that is no string, such as a JSON number or a date.

        This base class refuses all of them. Raises UnreadableError.
        """
        raise UnreadableError(self.wrong_type_fault)

    @property
    def wrong_type_fault(self) -> str:
        """The ValueFault of a value that is not of this kind."""
        return ValueFault.BAD_CHARACTER
