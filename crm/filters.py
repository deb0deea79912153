"""How the customer list is narrowed down and sorted, read from the address.

Columns and filters come from the customer's declared fields and from other apps' list parts. A
value the user could not have chosen (unknown, or out of their scope) is treated as not given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from django.db.models import F
from django.db.models.expressions import OrderBy
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OrgUnit, User
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration, SortExpression
from core.fields.kinds import Choice, Reference, YesNo
from core.fields.queries import condition, sort_expressions
from crm.composition import CustomerListPart, ListColumn, customer_list_parts
from crm.fields import CUSTOMER, INDUSTRY
from crm.models import Customer, Industry
from crm.models.customer import CustomerQuerySet

MAX_PEOPLE = 200
MAX_TEXT_LENGTH = 100
MINE, POOL, NONE = "mine", "pool", "none"
DEFAULT_SORT = "code"
YES_OR_NO = (("true", gettext_lazy("Yes")), ("false", gettext_lazy("No")))
NEVER_EMPTY = frozenset({"code", "name", "updated_at", "unit__path"})

Apply = Callable[[CustomerQuerySet, str], CustomerQuerySet]


@dataclass(frozen=True)
class Option:
    """One value to choose, indented by ``level`` where the choices are a tree."""

    value: str
    label: str | Promise
    level: int = 0

    @property
    def indent(self) -> str:
        """White space in front, for lists that cannot be styled."""
        return "\u2003" * self.level


@dataclass(frozen=True)
class Group:
    """Options under a heading; a blank heading stands for none."""

    label: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Filter:
    """One way to narrow the list, with what may be chosen and what was.

    A filter without groups is typed into: ``typed`` is what was typed, where it can be read.
    """

    key: str
    label: str | Promise
    groups: Sequence[Group]
    apply: Apply
    value: str = ""
    hint: str = ""
    part: CustomerListPart | None = None
    typed: str = ""

    @property
    def selected_option(self) -> Option | None:
        """The option the list is narrowed to."""
        if self.typed:
            return Option(self.typed, self.typed)
        options = chain.from_iterable(group.options for group in self.groups)
        return next((option for option in options if option.value == self.value), None)


@dataclass(frozen=True)
class ListQuery:
    """What was asked for: search text, filters, and the order."""

    user: User
    search_text: str
    filters: Sequence[Filter]
    sort: str
    descending: bool
    fields: Sequence[FieldDeclaration]
    parts: Sequence[CustomerListPart] = field(default=())

    @property
    def active(self) -> list[Filter]:
        """The filters that narrow the list."""
        return [each for each in self.filters if each.selected_option is not None]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked beyond the whole list."""
        return bool(self.search_text or self.active)

    @property
    def listed_fields(self) -> list[FieldDeclaration]:
        """The declared fields that are columns."""
        return [each for each in self.fields if each.in_list]

    @property
    def part_columns(self) -> list[ListColumn]:
        """The columns other apps add, for this user."""
        return [column for part in self.parts for column in part.columns]

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return the address' parameters with changes; what is blank or the default is left out."""
        now = {each.key: each.typed or each.value for each in self.active}
        sort = f"-{self.sort}" if self.descending else self.sort
        now |= {"q": self.search_text, "sort": "" if sort == DEFAULT_SORT else sort} | changes
        return {key: value for key, value in now.items() if value}

    def customers(self) -> CustomerQuerySet:
        """Return the customers asked for, in order, without what only their display needs."""
        customers: CustomerQuerySet = Customer.objects.visible_to(self.user)
        for part in self.parts:
            if self._needs(part):
                customers = part.annotate(customers)
        customers = customers.search(self.search_text, CUSTOMER.searched_columns)
        for each in self.active:
            customers = each.apply(customers, each.typed or each.value)
        return customers.order_by(*self._order())

    def rows(self, ids: Sequence[int]) -> list[Customer]:
        """Return the customers of one page as the list shows them, in the order of ``ids``."""
        related = [each.name for each in self.listed_fields if isinstance(each.kind, Reference)]
        customers = Customer.objects.visible_to(self.user).filter(pk__in=ids)
        customers = customers.select_related("unit", *related)
        for part in self.parts:
            customers = part.annotate(customers)
        by_id = {customer.pk: customer for customer in customers}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _needs(self, part: CustomerListPart) -> bool:
        sorts = any(column.key == self.sort for column in part.columns)
        return sorts or any(each.part is part for each in self.active)

    def _order(self) -> list[OrderBy | str]:
        expressions = _sorts(self.fields, self.part_columns)[self.sort]
        return [_directed(each, descending=self.descending) for each in expressions] + ["pk"]


def read_query(user: User, parameters: Mapping[str, str]) -> ListQuery:
    """Return what an address's parameters ask for, as ``user`` may ask it."""
    parts = [part for part in customer_list_parts() if part.is_available_to(user)]
    fields = CUSTOMER.fields_for(user)
    requested = parameters.get("sort", "")
    sort = requested.removeprefix("-")
    is_known = sort in _sorts(fields, [column for part in parts for column in part.columns])
    search_text = " ".join(parameters.get("q", "").replace("\0", "").split())
    return ListQuery(
        user=user,
        search_text=search_text[:MAX_TEXT_LENGTH],
        filters=[*_field_filters(user, fields, parameters), *_part_filters(parts, parameters)],
        sort=sort if is_known else DEFAULT_SORT,
        descending=is_known and requested.startswith("-"),
        fields=fields,
        parts=parts,
    )


def _field_filters(
    user: User, fields: Iterable[FieldDeclaration], parameters: Mapping[str, str]
) -> list[Filter]:
    """Return a filter for each declared field that has one, and for the three trees of people."""
    units = list(_units(user))
    return [_field_filter(user, each, units, parameters) for each in fields if each.in_filters]


def _field_filter(
    user: User,
    field: FieldDeclaration,
    units: Sequence[OrgUnit],
    parameters: Mapping[str, str],
) -> Filter:
    value = parameters.get(field.name, "")
    if field.name == "industry":
        return _industry(field, value)
    if field.name == "unit":
        return Filter(field.name, field.list_label, [_tree(units)], partial(_by_unit, user), value)
    if field.name == "owner":
        unit = next((each for each in units if each.code == parameters.get("unit")), None)
        people, hint = _people(user, unit)
        return Filter(field.name, field.list_label, people, partial(_by_owner, user), value, hint)
    if isinstance(field.kind, Reference):
        return _by_reference(user, field, value)
    if isinstance(field.kind, Choice | YesNo):
        choices = field.kind.choices() if isinstance(field.kind, Choice) else YES_OR_NO
        return Filter(
            field.name, field.list_label, [_plain(choices)], partial(_by_value, field), value
        )
    return _typed(field, value)


def _typed(field: FieldDeclaration, value: str) -> Filter:
    """Return a filter one types into; what is no value of the field's kind narrows nothing."""
    text = value.replace("\0", "").strip()[:MAX_TEXT_LENGTH]
    try:
        if text:
            condition(field, text)
    except UnreadableError:
        text = ""
    return Filter(field.name, field.list_label, [], partial(_by_value, field), typed=text)


def _by_value(field: FieldDeclaration, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    return customers.filter(condition(field, value))


def _part_filters(parts: Iterable[CustomerListPart], parameters: Mapping[str, str]) -> list[Filter]:
    return [
        Filter(
            each.key,
            each.label,
            [_plain(each.choices())],
            partial(_by_annotation, each.annotation),
            parameters.get(each.key, ""),
            part=part,
        )
        for part in parts
        for each in part.filters
    ]


def _plain(pairs: Iterable[tuple[str, str | Promise]]) -> Group:
    return Group("", [Option(value, label) for value, label in pairs])


def _units(user: User) -> Iterable[OrgUnit]:
    return OrgUnit.objects.visible_to(user).order_by("path")


def _tree(units: Sequence[OrgUnit]) -> Group:
    depths = [str(unit.path).count(".") for unit in units]
    top = min(depths, default=0)
    return Group(
        "",
        [
            Option(unit.code, unit.name, depth - top)
            for unit, depth in zip(units, depths, strict=True)
        ],
    )


def _people(user: User, unit: OrgUnit | None) -> tuple[list[Group], str]:
    """Return everyone who may own customers; too many to list are asked for unit by unit."""
    groups = [_plain([(MINE, _("Mine")), (POOL, _("Public pool"))])]
    people = User.objects.visible_to(user).account_managers()
    if unit is not None:
        people = people.filter(unit__path__descendants=str(unit.path))
    listed = list(people[: MAX_PEOPLE + 1])
    if len(listed) > MAX_PEOPLE:
        return groups, _("Choose a unit to pick one of its managers.")
    if listed:
        named = [(person.employee_number, person.name) for person in listed]
        groups.append(Group(_("Account managers"), _plain(named).options))
    return groups, ""


def _by_reference(user: User, field: FieldDeclaration, value: str) -> Filter:
    """Return a filter over a list's entries, and over having none where that has a name."""
    kind = field.kind
    if not isinstance(kind, Reference):
        raise TypeError(field.name)
    ids: dict[str, int | None] = {}
    options = []
    for entry in kind.records(user):
        key = str(getattr(entry, kind.key))
        ids[key] = entry.pk
        options.append(Option(key, kind.label(entry)))
    if isinstance(kind.empty_label, Promise):
        ids[NONE] = None
        options.append(Option(NONE, kind.empty_label))

    def apply(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        pk = ids[value]
        lookup = {f"{field.name}__isnull": True} if pk is None else {field.name: pk}
        return customers.filter(**lookup)

    return Filter(field.name, field.list_label, [Group("", options)], apply, value)


def _industry(field: FieldDeclaration, value: str) -> Filter:
    """Return sections and, below each, its divisions; a section stands for all of them."""
    divisions: dict[int | None, list[Industry]] = {}
    for entry in Industry.objects.all():
        divisions.setdefault(entry.parent_id, []).append(entry)
    ids: dict[str, list[int]] = {}
    options = []
    for section in divisions.get(None, []):
        below = divisions.get(section.pk, [])
        ids[section.code] = [section.pk, *(division.pk for division in below)]
        options.append(Option(section.code, INDUSTRY.label(section)))
        for division in below:
            ids[division.code] = [division.pk]
            options.append(Option(division.code, INDUSTRY.label(division), 1))

    def apply(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        return customers.filter(industry__in=ids[value])

    return Filter(field.name, field.list_label, [Group("", options)], apply, value)


def _by_owner(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    if value == MINE:
        return customers.filter(owner=user)
    if value == POOL:
        return customers.filter(owner__isnull=True)
    people = User.objects.visible_to(user).account_managers().filter(employee_number=value)
    return customers.filter(owner__in=people.order_by().values("pk"))


def _by_unit(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    units = OrgUnit.objects.visible_to(user)
    below = units.filter(path__descendants=str(units.get(code=value).path))
    return customers.filter(unit__in=below.order_by().values("pk"))


def _by_annotation(annotation: str, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    return customers.filter(**{annotation: value})


def _sorts(
    fields: Iterable[FieldDeclaration], columns: Iterable[ListColumn]
) -> dict[str, Sequence[str | SortExpression]]:
    own = {each.name: sort_expressions(each) for each in fields if each.is_sortable}
    return (
        own | {"changed": ["updated_at"]} | {column.key: [column.annotation] for column in columns}
    )


def _directed(by: str | SortExpression, *, descending: bool) -> OrderBy:
    """Order empty values last either way; what is never empty keeps the order of an index."""
    name = by if isinstance(by, str) else getattr(by, "name", "")
    last = None if name in NEVER_EMPTY else True
    expression = F(by) if isinstance(by, str) else by
    return OrderBy(expression, descending=descending, nulls_last=last)
