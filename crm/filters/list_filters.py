"""The filters of the customer list: their options, and how each restricts the customers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OrgUnit, User
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Choice, YesNo
from core.fields.queries import condition
from core.fields.reference import Reference
from crm.composition import CustomerListPart
from crm.fields import INDUSTRY
from crm.models import Industry
from crm.models.customer import CustomerQuerySet

MAX_LISTED_OWNERS = 200
MAX_TEXT_LENGTH = 100  # characters of a search text or a text filter; the rest is ignored
# Values of the owner filter besides employee numbers.
OWNER_IS_USER, NO_OWNER = "mine", "pool"
# The value of other filters for customers without a related record.
NO_VALUE = "none"
YES_NO_CHOICES = (("true", gettext_lazy("Yes")), ("false", gettext_lazy("No")))

# Takes the customers and the value of an active filter; returns the customers that match it.
ApplyFilter = Callable[[CustomerQuerySet, str], CustomerQuerySet]


@dataclass(frozen=True)
class FilterOption:
    """One option of a filter; ``level`` is its depth in a tree."""

    value: str
    label: str | Promise
    level: int = 0

    @property
    def indent(self) -> str:
        """White space in front of the label, for a select, which cannot be styled."""
        return "\u2003" * self.level


@dataclass(frozen=True)
class OptionGroup:
    """Options under the heading ``label``, or without a heading if that is blank."""

    label: str
    options: Sequence[FilterOption]


@dataclass(frozen=True)
class Filter:
    """A filter of the list, with what the user selected or typed.

    A filter has ``groups`` of options to select from, or none: then it is a text input.
    """

    key: str  # of the URL's parameter
    label: str | Promise
    groups: Sequence[OptionGroup]
    apply: ApplyFilter  # called only if there is a ``selected_option``
    value: str = ""  # as submitted; it may be that of no option
    hint: str = ""  # the tooltip of a select
    part: CustomerListPart | None = None  # that the filter belongs to
    typed_text: str = ""  # of a text input; blank if it is invalid
    is_offered: bool = True  # False: shown only while it is active

    @property
    def current_value(self) -> str:
        """The text of a text input, or else the submitted value."""
        return self.typed_text or self.value

    @property
    def selected_option(self) -> FilterOption | None:
        """The selected option; None if the filter is not used or its value is unknown.

        The text of a text input counts as an option of that value.
        """
        if self.typed_text:
            return FilterOption(self.typed_text, self.typed_text)
        options = chain.from_iterable(group.options for group in self.groups)
        return next((option for option in options if option.value == self.value), None)


def field_filters(
    user: User, fields: Iterable[FieldDeclaration], parameters: Mapping[str, str]
) -> list[Filter]:
    """Return a filter for each declared field with ``in_filters``.

    That of a custom field is offered only if the field is a column of the list, because all custom
    fields have a filter and there may be many.
    """
    units = list(OrgUnit.objects.visible_to(user).order_by("path"))
    return [
        replace(
            _field_filter(user, declared, units, parameters),
            is_offered=declared.in_list or not declared.is_custom,
        )
        for declared in fields
        if declared.in_filters
    ]


def _field_filter(
    user: User,
    field: FieldDeclaration,
    units: Sequence[OrgUnit],
    parameters: Mapping[str, str],
) -> Filter:
    """Return the filter of a field, with the value of the URL's parameter of the field's name.

    ``units`` are those that the user may see.
    """
    value = parameters.get(field.name, "")
    if field.name == "industry":
        return _industry_filter(field, value)
    if field.name == "unit":
        groups = [_unit_options(units)]
        return Filter(field.name, field.list_label, groups, partial(_filter_by_unit, user), value)
    if field.name == "owner":
        selected_unit = next((unit for unit in units if unit.code == parameters.get("unit")), None)
        groups, hint = _owner_options(user, selected_unit)
        apply_filter = partial(_filter_by_owner, user)
        return Filter(field.name, field.list_label, groups, apply_filter, value, hint)
    if isinstance(field.kind, Reference):
        return _reference_filter(user, field, field.kind, value)
    if isinstance(field.kind, Choice | YesNo):
        choices = field.kind.choices() if isinstance(field.kind, Choice) else YES_NO_CHOICES
        groups = [_option_group(choices)]
        return Filter(field.name, field.list_label, groups, partial(_filter_by_value, field), value)
    return _text_filter(field, value)


def _text_filter(field: FieldDeclaration, value: str) -> Filter:
    """Return a filter with a text input.

    A text that is no value of the field, such as ``abc`` for a number, is ignored.
    """
    text = value.replace("\0", "").strip()[:MAX_TEXT_LENGTH]
    try:
        if text:
            condition(field, text)  # raises UnreadableError for an invalid text
    except UnreadableError:
        text = ""
    apply_filter = partial(_filter_by_value, field)
    return Filter(field.name, field.list_label, [], apply_filter, typed_text=text)


def _filter_by_value(
    field: FieldDeclaration, customers: CustomerQuerySet, value: str
) -> CustomerQuerySet:
    return customers.filter(condition(field, value))


def part_filters(parts: Iterable[CustomerListPart], parameters: Mapping[str, str]) -> list[Filter]:
    """Return the filters that other apps add."""
    return [
        Filter(
            part_filter.key,
            part_filter.label,
            [_option_group(part_filter.choices())],
            partial(_filter_by_annotation, part_filter.annotation),
            parameters.get(part_filter.key, ""),
            part=part,
        )
        for part in parts
        for part_filter in part.filters
    ]


def _option_group(choices: Iterable[tuple[str, str | Promise]], heading: str = "") -> OptionGroup:
    return OptionGroup(heading, [FilterOption(value, label) for value, label in choices])


def _unit_options(units: Sequence[OrgUnit]) -> OptionGroup:
    """Return the units as a tree whose topmost units are not indented.

    The path of a unit has the ids from the top of the company down, such as ``1.4.9``.
    """
    depths = [str(unit.path).count(".") for unit in units]
    top_depth = min(depths, default=0)
    return OptionGroup(
        "",
        [
            FilterOption(unit.code, unit.name, depth - top_depth)
            for unit, depth in zip(units, depths, strict=True)
        ],
    )


def _owner_options(user: User, selected_unit: OrgUnit | None) -> tuple[list[OptionGroup], str]:
    """Return the options of the owner filter, and a hint, which may be blank.

    The account managers are those of the selected unit and the units below it, if one is selected.
    If there are more than MAX_LISTED_OWNERS, none is listed and the hint asks for a unit.
    """
    groups = [_option_group([(OWNER_IS_USER, _("Mine")), (NO_OWNER, _("Public pool"))])]
    managers = User.objects.visible_to(user).account_managers()
    if selected_unit is not None:
        managers = managers.filter(unit__path__descendants=str(selected_unit.path))
    listed_managers = list(managers[: MAX_LISTED_OWNERS + 1])
    if len(listed_managers) > MAX_LISTED_OWNERS:
        return groups, _("Choose a unit to pick one of its managers.")
    if listed_managers:
        choices = [(manager.employee_number, manager.name) for manager in listed_managers]
        groups.append(_option_group(choices, _("Account managers")))
    return groups, ""


def _reference_filter(user: User, field: FieldDeclaration, kind: Reference, value: str) -> Filter:
    """Return a filter by related record.

    It also has an option for customers without one, if the kind has a label for that, such as *Not
    graded*, and not just the dash of the default.
    """
    ids: dict[str, int | None] = {}
    options = []
    for record in kind.records(user):
        key = str(getattr(record, kind.key))
        ids[key] = record.pk
        options.append(FilterOption(key, kind.label(record)))
    has_label_for_none = isinstance(kind.empty_label, Promise)  # a text that is translated
    if has_label_for_none:
        ids[NO_VALUE] = None
        options.append(FilterOption(NO_VALUE, kind.empty_label))

    def filter_by_record(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        pk = ids[value]
        lookup = {f"{field.name}__isnull": True} if pk is None else {field.name: pk}
        return customers.filter(**lookup)

    groups = [OptionGroup("", options)]
    return Filter(field.name, field.list_label, groups, filter_by_record, value)


def _industry_filter(field: FieldDeclaration, value: str) -> Filter:
    """Return a filter by section or division; a section includes all of its divisions."""
    divisions_by_section: dict[int | None, list[Industry]] = {}
    for industry in Industry.objects.all():
        divisions_by_section.setdefault(industry.parent_id, []).append(industry)
    ids: dict[str, list[int]] = {}
    options = []
    for section in divisions_by_section.get(None, []):
        divisions = divisions_by_section.get(section.pk, [])
        ids[section.code] = [section.pk, *(division.pk for division in divisions)]
        options.append(FilterOption(section.code, INDUSTRY.label(section)))
        for division in divisions:
            ids[division.code] = [division.pk]
            options.append(FilterOption(division.code, INDUSTRY.label(division), 1))

    def filter_by_industry(customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        return customers.filter(industry__in=ids[value])

    groups = [OptionGroup("", options)]
    return Filter(field.name, field.list_label, groups, filter_by_industry, value)


def _filter_by_owner(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    """Keep the customers of the user, those without an owner, or those of a listed manager."""
    if value == OWNER_IS_USER:
        return customers.filter(owner=user)
    if value == NO_OWNER:
        return customers.filter(owner__isnull=True)
    managers = User.objects.visible_to(user).account_managers().filter(employee_number=value)
    return customers.filter(owner__in=managers.order_by().values("pk"))


def _filter_by_unit(user: User, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
    """Keep customers of the unit and of the units below it."""
    units = OrgUnit.objects.visible_to(user)
    subtree = units.filter(path__descendants=str(units.get(code=value).path))
    return customers.filter(unit__in=subtree.order_by().values("pk"))


def _filter_by_annotation(
    annotation: str, customers: CustomerQuerySet, value: str
) -> CustomerQuerySet:
    return customers.filter(**{annotation: value})
