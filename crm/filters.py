"""How the customer list is narrowed down and sorted: what the address says, made sense of.

A value the person could not have chosen (unknown, or out of their scope) is treated as not given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.expressions import OrderBy
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import OrgUnit, User
from crm.composition import CustomerListPart, ListColumn, customer_list_parts
from crm.models import Category, Customer, Grade, Industry, Source
from crm.models.customer import CustomerQuerySet, Stage
from crm.selectors import choices

MAX_PEOPLE = 200
MINE, POOL, NONE = "mine", "pool", "none"
DEFAULT_SORT = "code"

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
    """One way to narrow the list, with what may be chosen and what was."""

    key: str
    label: str | Promise
    groups: Sequence[Group]
    apply: Apply
    value: str = ""
    hint: str = ""
    part: CustomerListPart | None = None

    @property
    def chosen(self) -> Option | None:
        """The option in force."""
        options = chain.from_iterable(group.options for group in self.groups)
        return next((option for option in options if option.value == self.value), None)


@dataclass(frozen=True)
class ListQuery:
    """What was asked: words, filters, and the order."""

    user: User
    words: str
    filters: Sequence[Filter]
    sort: str
    descending: bool
    parts: Sequence[CustomerListPart] = field(default=())

    @property
    def active(self) -> list[Filter]:
        """The filters in force."""
        return [each for each in self.filters if each.chosen is not None]

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked beyond the whole list."""
        return bool(self.words or self.active)

    @property
    def columns(self) -> list[ListColumn]:
        """The columns other apps add, for this person."""
        return [column for part in self.parts for column in part.columns]

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return the address' parameters with changes; what is blank or the default is left out."""
        given = {each.key: each.value for each in self.active}
        sort = f"-{self.sort}" if self.descending else self.sort
        given |= {"q": self.words, "sort": "" if sort == DEFAULT_SORT else sort} | changes
        return {key: value for key, value in given.items() if value}

    def found(self) -> CustomerQuerySet:
        """Return the customers asked for, in order, without what only their display needs."""
        customers: CustomerQuerySet = Customer.objects.visible_to(self.user)
        for part in self.parts:
            if self._needs(part):
                customers = part.annotate(customers)
        customers = customers.search(self.words)
        for each in self.active:
            customers = each.apply(customers, each.value)
        return customers.order_by(*self._order())

    def rows(self, ids: Sequence[int]) -> list[Customer]:
        """Return the customers of one page as the list shows them, in the order of ``ids``."""
        customers = Customer.objects.visible_to(self.user).filter(pk__in=ids)
        customers = customers.select_related("grade", "industry", "owner", "unit")
        for part in self.parts:
            customers = part.annotate(customers)
        by_id = {customer.pk: customer for customer in customers}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _needs(self, part: CustomerListPart) -> bool:
        sorts = any(column.key == self.sort for column in part.columns)
        return sorts or any(each.part is part for each in self.active)

    def _order(self) -> list[OrderBy | str]:
        expressions = _sorts(self.columns)[self.sort]
        return [_directed(each, descending=self.descending) for each in expressions] + ["pk"]


def read_query(user: User, given: Mapping[str, str]) -> ListQuery:
    """Make sense of the address' parameters for ``user``."""
    parts = [part for part in customer_list_parts() if part.is_available_to(user)]
    columns = [column for part in parts for column in part.columns]
    asked = given.get("sort", "")
    sort = asked.removeprefix("-")
    known = sort in _sorts(columns)
    return ListQuery(
        user=user,
        words=" ".join(given.get("q", "").replace("\0", "").split())[:100],
        filters=[*_own_filters(user, given), *_part_filters(parts, given)],
        sort=sort if known else DEFAULT_SORT,
        descending=known and asked.startswith("-"),
        parts=parts,
    )


def _own_filters(user: User, given: Mapping[str, str]) -> list[Filter]:
    units = list(choices.units(user))
    unit = next((each for each in units if each.code == given.get("unit")), None)
    people, hint = _people(user, unit)
    return [
        Filter("stage", _("Stage"), [_plain(Stage.choices)], _by_stage, given.get("stage", "")),
        _by_reference("grade", _("Grade"), Grade.objects.all(), given, none=_("Not graded")),
        _industry(given),
        Filter("owner", _("Account manager"), people, partial(_by_owner, user),
               given.get("owner", ""), hint),
        Filter("unit", _("Unit"), [_tree(units)], partial(_by_unit, user), given.get("unit", "")),
        _by_reference("category", _("Category"), Category.objects.all(), given),
        _by_reference("source", _("Source"), Source.objects.all(), given),
    ]  # fmt: skip


def _part_filters(parts: Iterable[CustomerListPart], given: Mapping[str, str]) -> list[Filter]:
    return [
        Filter(
            each.key,
            each.label,
            [_plain(each.choices())],
            partial(_by_annotation, each.annotation),
            given.get(each.key, ""),
            part=part,
        )
        for part in parts
        for each in part.filters
    ]


def _plain(pairs: Iterable[tuple[str, str | Promise]]) -> Group:
    return Group("", [Option(value, label) for value, label in pairs])


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
    """Everyone who may own customers; too many to list are asked for unit by unit."""
    groups = [_plain([(MINE, _("Mine")), (POOL, _("Public pool"))])]
    people = choices.account_managers(user)
    if unit is not None:
        people = people.filter(unit__path__descendants=str(unit.path))
    listed = list(people[: MAX_PEOPLE + 1])
    if len(listed) > MAX_PEOPLE:
        return groups, _("Choose a unit to pick one of its managers.")
    if listed:
        named = [(person.employee_number, person.name) for person in listed]
        groups.append(Group(_("Account managers"), _plain(named).options))
    return groups, ""


def _by_reference(
    key: str,
    label: str,
    entries: Iterable[Category | Grade | Source],
    given: Mapping[str, str],
    none: str = "",
) -> Filter:
    ids: dict[str, int | None] = {}
    options = []
    for entry in entries:
        ids[entry.code] = entry.pk
        text = f"{entry.code} {entry.name}" if isinstance(entry, Grade) else entry.name
        options.append(Option(entry.code, text))
    if none:
        ids[NONE] = None
        options.append(Option(NONE, none))

    def apply(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        wanted = ids[value]
        return customers.filter(**({f"{key}__isnull": True} if wanted is None else {key: wanted}))

    return Filter(key, label, [Group("", options)], apply, given.get(key, ""))


def _industry(given: Mapping[str, str]) -> Filter:
    """Sections and, below each, its divisions; a section stands for all of them."""
    divisions: dict[int | None, list[Industry]] = {}
    for entry in Industry.objects.all():
        divisions.setdefault(entry.parent_id, []).append(entry)
    ids: dict[str, list[int]] = {}
    options = []
    for section in divisions.get(None, []):
        below = divisions.get(section.pk, [])
        ids[section.code] = [section.pk, *(division.pk for division in below)]
        options.append(Option(section.code, str(section)))
        for division in below:
            ids[division.code] = [division.pk]
            options.append(Option(division.code, str(division), 1))

    def apply(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        return customers.filter(industry__in=ids[value])

    return Filter("industry", _("Industry"), [Group("", options)], apply, given.get("industry", ""))


def _by_stage(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    return customers.filter(stage=value)


def _by_owner(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    if value == MINE:
        return customers.filter(owner=user)
    if value == POOL:
        return customers.filter(owner__isnull=True)
    people = choices.account_managers(user).filter(employee_number=value)
    return customers.filter(owner__in=people.order_by().values("pk"))


def _by_unit(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    top = choices.units(user).get(code=value)
    below = choices.units(user).filter(path__descendants=str(top.path))
    return customers.filter(unit__in=below.order_by().values("pk"))


def _by_annotation(annotation: str, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    return customers.filter(**{annotation: value})


NEVER_EMPTY = {"code", "name", "updated_at", "unit__path"}


def _sorts(columns: Iterable[ListColumn]) -> dict[str, Sequence[str | Case]]:
    order = [When(stage=stage, then=Value(number)) for number, stage in enumerate(Stage.values)]
    own: dict[str, Sequence[str | Case]] = {
        "code": ["code"],
        "name": ["name"],
        "stage": [Case(*order, output_field=IntegerField())],
        "grade": ["grade__position"],
        "industry": ["industry__position", "industry__code"],
        "owner": ["owner__name"],
        "unit": ["unit__path"],
        "changed": ["updated_at"],
    }
    return own | {column.key: [column.annotation] for column in columns}


def _directed(by: str | Case, *, descending: bool) -> OrderBy:
    """What is empty comes last either way; what never is keeps the order an index can give."""
    last = None if by in NEVER_EMPTY else True
    expression = F(by) if isinstance(by, str) else by
    return OrderBy(expression, descending=descending, nulls_last=last)
