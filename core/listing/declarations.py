"""What a list offers: columns, filters, sorting, related records, parts of other apps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Expression
from django.utils.functional import Promise

from accounts.models import User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Date, Money, Number
from core.fields.queries import sort_expressions
from core.listing.comparisons import Column
from core.listing.conditions import Node
from core.listing.filters import ListFilter


@dataclass(frozen=True)
class Sort:
    """How a list is sorted: by all ``expressions`` in the same direction.

    Rows that meet ``empty``, those without a value, are last in either direction, in order of
    their ids. With ``groups``, rows are sorted by which of these conditions they meet, and in a
    group by id: the database then reads each group of a column with few values from an index,
    and does not sort.

    ``branches`` returns conditions that divide the rows a user may see, or none. For a column whose
    values depend on who sees the row, such as a code that begins with the unit's, the database
    reads the beginning of each branch from an index, where it would otherwise read all rows in
    front of the first visible one.
    """

    expressions: Sequence[str | F | Expression] = ()
    empty: Q | None = None
    groups: Callable[[], Sequence[Q]] | None = None
    branches: Callable[[User], Sequence[Q]] | None = None


@dataclass(frozen=True)
class ListColumn:
    """A column.

    ``text_of`` returns the text of a row's cell for a user. A cell shows this text, or the
    ``template``, which gets the ``row`` and the ``cell`` with ``column`` and ``text``. The list can
    be sorted by the column if it has a ``sort``.
    """

    key: str
    label: str | Promise
    text_of: Callable[[Any, User], str]
    template: str = ""
    sort: Sort | None = None
    is_numeric: bool = False
    css_class: str = ""  # of the cells
    part_slug: str = ""
    # Returns what an export writes in place of the text: a number, a date, a time. None: the text.
    value_of: Callable[[Any, User], Any] | None = None


def field_column(declared: FieldDeclaration, template: str = "") -> ListColumn:
    """Return the column of a declared field."""
    is_numeric = isinstance(declared.kind, Number | Money)
    return ListColumn(
        key=declared.name,
        label=declared.list_label,
        text_of=declared.text_of,
        template=template,
        sort=field_sort(declared),
        is_numeric=is_numeric,
        css_class="num" if is_numeric else "",
        value_of=declared.export_value if is_numeric or isinstance(declared.kind, Date) else None,
    )


def field_sort(declared: FieldDeclaration) -> Sort | None:
    """Return how a list is sorted by a declared field; None if it cannot be."""
    if not declared.is_sortable:
        return None
    empty = Column(declared.name, declared.kind, declared.custom_key).is_empty()
    may_be_empty = declared.may_be_empty or declared.is_custom
    return Sort(
        expressions=tuple(sort_expressions(declared)) if declared.sort_groups is None else (),
        empty=empty if may_be_empty else None,
        groups=declared.sort_groups,
    )


class ListPart:
    """Columns and filters that another app adds to a list, and the annotations they use."""

    slug: ClassVar[str]
    permission: ClassVar[Permission]
    columns: ClassVar[Sequence[ListColumn]] = ()
    filters: ClassVar[Sequence[ListFilter]] = ()
    relations: ClassVar[Sequence["Relation"]] = ()

    def is_available_to(self, user: User) -> bool:
        """Return whether the user gets these columns and filters."""
        return user.may(self.permission)

    def annotate(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with this part's annotations; must neither add nor remove rows."""
        raise NotImplementedError


MakeColumns = Callable[[Sequence[FieldDeclaration], Sequence[ListColumn]], Sequence[ListColumn]]


def fixed_columns(*columns: ListColumn) -> MakeColumns:
    """Return what makes the columns of a list that has no declared fields."""
    return lambda _fields, part_columns: [*columns, *part_columns]


def no_fields(_user: User) -> Sequence[FieldDeclaration]:
    """Return the declared fields of a list that has none."""
    return ()


@dataclass(frozen=True)
class Relation:
    """Related records that a condition can ask for: that one exists, or that none does.

    ``rows`` returns those the user may see, with a reference ``path`` to the rows of the list.
    ``filters`` are what can be asked of them.
    """

    key: str
    label: str | Promise
    rows: Callable[[User], QuerySet[Any]]
    path: str
    filters: Callable[[User], Sequence[ListFilter]]


@dataclass(frozen=True)
class ListTab:
    """A tab of a list's page: its rows meet these conditions besides those of the address.

    ``key`` is the value of the parameter ``view``.
    """

    key: str
    label: str | Promise
    conditions: tuple[Node, ...] = ()


@dataclass(frozen=True)
class BulkEdit:
    """A declared field that users set for many rows of a list at once.

    ``update`` is the service: it gets the actor, the id of a record, the changes by field, and the
    reason, which is asked for if the edit ``asks_reason``. It raises what services raise.
    """

    field: str
    permission: Permission
    update: Callable[[User, int, Mapping[str, Any], str], Any]
    asks_reason: bool = False


@dataclass(frozen=True)
class ListDeclaration:
    """A list.

    ``url_name`` is that of its page; blank for a list that only the API has. ``rows`` returns the
    rows a user may see, ``search`` those that match each word of a text. ``search_in_order`` does
    the same where a page is read in order; None: as ``search``. ``fields_for`` returns the declared
    fields a user may see, custom ones included, and ``fields`` are those without custom ones, for
    the description of the API. ``columns`` returns the columns in order, made of declared
    fields and of the columns of the parts; ``filters`` those made of declared fields. ``sorts`` are
    orders without a column. ``default_sort`` is the key of a column or of one of these, with ``-``
    in front for descending. The page shows the first of the ``tabs``, if there are any, until
    another one is selected. ``related`` are relations that cells follow besides those of declared
    fields. ``branches`` are those of every order that has none of its own (see ``Sort``).
    ``export_columns`` are the columns of exports, if these have others than the page. Every
    signed-in user may see a list whose ``permission`` is None. Rows of a list with ``bulk_edits``
    can be selected. ``row_key`` is the column by which pages tell the rows apart, a unique integer:
    that of a list with a page is ``pk``.
    """

    name: str
    title: str | Promise
    permission: Permission | None
    rows: Callable[[User], QuerySet[Any]]
    columns: MakeColumns
    filters: Callable[[Sequence[FieldDeclaration]], Sequence[ListFilter]]
    default_sort: str
    url_name: str = ""
    fields_for: Callable[[User], Sequence[FieldDeclaration]] = no_fields
    search: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    search_in_order: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    search_hint: str | Promise = ""
    fields: Sequence[FieldDeclaration] = ()
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    parts: Callable[[], Sequence[ListPart]] = tuple
    tabs: Sequence[ListTab] = ()
    branches: Callable[[User], Sequence[Q]] | None = None
    related: Sequence[str] = ()
    export_columns: MakeColumns | None = None
    bulk_edits: Sequence[BulkEdit] = ()
    row_key: str = "pk"
