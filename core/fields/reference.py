"""The kind of a field that refers to another record, such as a customer's industry or owner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from core.fields.kind import FieldKind
from core.fields.kinds import normalise_name

MAX_KEY_LENGTH = 40  # of a key in a file


@dataclass(frozen=True)
class Reference(FieldKind):
    """Another record, which files and the API identify by one of its unique fields.

    The value in Python is the related record itself. An import stages its id, or its key if the
    record may be a row of the same file (``parse_key``).
    """

    records: Callable[[User], QuerySet[Any]]  # those that the user may refer to
    key: str = "code"  # the unique field, such as "employee_number"
    lookup: str = "code"  # finds a record by its key: give both, "employee_number__iexact"
    label: Callable[[Any], str] = str  # the text of a record in a list of options
    text: Callable[[Any], str] | None = None  # its text elsewhere; None: the label
    # Those that a form offers, for example active ones only; None: all of ``records``.
    selectable_records: Callable[[User], QuerySet[Any]] | None = None
    names: Callable[[Any], Sequence[str]] | None = None  # what else files may call it
    # Name of the URL that searches for options, where there are too many records to list them.
    options_url_name: str = ""
    level: Callable[[Any], int] | None = None  # depth in a tree, by which an option is indented
    # Of a form's option for no record; blank: there is no such option. A list's filter has the same
    # option; a label that is not translatable reads "None" there.
    empty_label: str | Promise = "–"
    # Columns that a list's filter searches where there are too many records to list them.
    searched_columns: tuple[str, ...] = ()
    # Filters offer "Mine": the records that refer to what this returns, the user or their unit.
    mine: Callable[[User], Any] | None = None
    # Returns the records that a filter means by the selected ones, such as the units below a unit.
    included_in_filter: Callable[[User, Sequence[Any]], QuerySet[Any]] | None = None
    fault: ValueFault = ValueFault.NOT_YOURS  # of a key or name that matches none of ``records``
    sql_type: ClassVar[str] = "bigint"

    def parse(self, text: str) -> NoReturn:
        """Raise UnreadableError: a text alone names no record, for records depend on the user.

        Forms, the API, filters and imports find the record by ``records``, ``lookup`` or
        ``ids_by_name``.
        """
        raise UnreadableError(self.fault)

    def parse_key(self, text: str) -> str:
        """Return a cell's text as a key, without looking the record up; fault: too_long.

        An import finds the records afterwards, since they may be rows of the same file.
        """
        if len(text) > MAX_KEY_LENGTH:
            raise UnreadableError(ValueFault.TOO_LONG)
        return text

    def ids_by_name(self, user: User) -> dict[str, int]:
        """Return the ids of the records the user may refer to, by normalised key and name.

        Use ``normalise_name`` to look one up. A name that two records share (an industry section
        and its division) is left out. A key takes precedence over a name.
        """
        keys: dict[str, int] = {}
        names: dict[str, int] = {}
        ambiguous: set[str] = set()
        for record in self.records(user):
            keys[normalise_name(str(getattr(record, self.key)))] = record.pk
            for text in self.names(record) if self.names else ():
                name = normalise_name(text)
                if name and names.setdefault(name, record.pk) != record.pk:
                    ambiguous.add(name)
        return {name: pk for name, pk in names.items() if name not in ambiguous} | keys

    def format(self, value: Model) -> str:
        """Return the text of the record."""
        return (self.text or self.label)(value)

    @property
    def wrong_type_fault(self) -> str:
        """The same as ``fault``."""
        return self.fault
