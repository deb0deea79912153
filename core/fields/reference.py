"""The kind of a field that refers to another record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from core.fields.kinds import FieldKind, normalise_name

MAX_KEY_LENGTH = 40


@dataclass(frozen=True)
class Reference(FieldKind):
    """Another record, identified by one of its unique fields.

    ``records`` returns the records a user may refer to, ``selectable_records`` those that a form
    lists (the same if None). Files and the API identify a record by its field ``key``, for example
    ``employee_number``, compared by ``lookup``, for example ``employee_number__iexact``; files also
    by the texts of ``names``. ``label`` returns the text of a record in a list of options, ``text``
    elsewhere (the same if None); ``level`` returns its depth in a tree.
    ``options_url_name`` names the URL that searches for records, for those too many to list.
    """

    records: Callable[[User], QuerySet[Any]]
    key: str = "code"
    lookup: str = "code"
    label: Callable[[Any], str] = str
    text: Callable[[Any], str] | None = None
    selectable_records: Callable[[User], QuerySet[Any]] | None = None
    names: Callable[[Any], Sequence[str]] | None = None
    options_url_name: str = ""
    level: Callable[[Any], int] | None = None
    empty_label: str | Promise = "–"
    fault: ValueFault = ValueFault.NOT_YOURS
    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> Any:
        """Raise UnreadableError: the records depend on the user; see ``ids_by_name``."""
        raise UnreadableError(self.fault)

    def parse_key(self, text: str) -> str:
        """Return a key in a file, without looking the record up; fault: too_long."""
        if len(text) > MAX_KEY_LENGTH:
            raise UnreadableError(ValueFault.TOO_LONG)
        return text

    def ids_by_name(self, user: User) -> dict[str, int]:
        """Return the ids of the records the user may refer to, by normalised key and name.

        A name that two records share (an industry section and its division) is left out. A key
        takes precedence over a name.
        """
        keys: dict[str, int] = {}
        names: dict[str, int] = {}
        shared: set[str] = set()
        for record in self.records(user):
            keys[normalise_name(str(getattr(record, self.key)))] = record.pk
            for name in {normalise_name(text) for text in self.names(record)} if self.names else ():
                if name and names.setdefault(name, record.pk) != record.pk:
                    shared.add(name)
        return {name: pk for name, pk in names.items() if name not in shared} | keys

    def format(self, value: Model) -> str:
        """Return the text of the record."""
        return (self.text or self.label)(value)

    @property
    def wrong_type_fault(self) -> str:
        """The fault of a record that is not found."""
        return self.fault
