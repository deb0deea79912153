"""Filters made of declared fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Choice, Date, DateTime, Money, Number, YesNo
from core.fields.reference import Reference
from core.listing.comparisons import (
    MINE,
    Column,
    choice_comparisons,
    date_comparisons,
    records_by_key,
    reference_comparisons,
    text_comparisons,
    time_comparisons,
    value_comparisons,
    yes_no_comparisons,
)
from core.listing.filters import (
    NO_VALUE,
    YES_NO_CHOICES,
    Comparison,
    FilterOption,
    ListFilter,
    OptionGroup,
    option_group,
)
from core.listing.periods import parse_period

MAX_OPTIONS = 200  # more records are not listed but searched
MAX_SEARCH_RESULTS = 20


def field_filter(field: FieldDeclaration) -> ListFilter:
    """Return the filter of a declared field, with the comparisons of its kind.

    Raises TypeError for a kind without comparisons.
    """
    kind = field.kind
    column = Column(field.name, kind, field.custom_key)
    plain = ListFilter(field.name, field.list_label, ())
    if isinstance(kind, Reference):
        return reference_filter(field.name, field.list_label, field.name, kind)
    if isinstance(kind, Choice):
        choices = kind.choices
        may_be_empty = field.may_be_empty or field.is_custom
        return replace(
            plain,
            comparisons=choice_comparisons(column, may_be_empty=may_be_empty),
            option_groups=lambda _user: [
                option_group([*choices(), *([(NO_VALUE, _("None"))] if may_be_empty else [])])
            ],
        )
    if isinstance(kind, YesNo):
        return replace(
            plain,
            comparisons=yes_no_comparisons(column),
            option_groups=lambda _user: [option_group(YES_NO_CHOICES)],
        )
    return replace(plain, comparisons=_typed_comparisons(column))


def _typed_comparisons(column: Column) -> Sequence[Comparison]:
    """Return the comparisons of a value that people type."""
    kind = column.kind
    if isinstance(kind, Date):
        return date_comparisons(column)
    if isinstance(kind, DateTime):
        return time_comparisons(column.path)
    if isinstance(kind, Number | Money):
        return value_comparisons(column)
    if kind.is_text:
        return text_comparisons(column)
    raise TypeError(f"{type(kind).__name__} has no filter")


def reference_filter(key: str, label: str | Promise, path: str, kind: Reference) -> ListFilter:
    """Return the filter by the related record at ``path``.

    Of a reference with searched columns and more than MAX_OPTIONS records none is listed: the
    filter then has one group of options, otherwise a second one with the records.
    """
    options = _ReferenceOptions(kind, label)
    return ListFilter(
        key,
        label,
        reference_comparisons(path, kind),
        option_groups=options.groups,
        labels_of=options.labels_of,
        search=options.search if kind.searched_columns else None,
    )


def offering_periods(list_filter: ListFilter, *codes: str) -> ListFilter:
    """Return the filter of a day or time such that the page offers these periods of it.

    ``codes`` are those of ``core.listing.periods``, such as ``"last_30_days"``.
    """
    return replace(
        list_filter,
        offered_suffix="period",
        option_groups=lambda _user: [period_options(*codes)],
    )


def period_options(*codes: str) -> OptionGroup:
    """Return relative periods as options, in words."""
    return option_group((code, parse_period(code).label) for code in codes)


@dataclass(frozen=True)
class _ReferenceOptions:
    """The options of a filter by a related record, for each user those it may refer to."""

    kind: Reference
    label: str | Promise

    def groups(self, user: User) -> list[OptionGroup]:
        special = self._special_options()
        if not self.kind.searched_columns:
            return [OptionGroup("", [*special, *self._options(self.kind.records(user))])]
        # Without an order the database stops after a few of perhaps 25,000 records.
        records = list(self.kind.records(user).order_by()[: MAX_OPTIONS + 1])
        if not 0 < len(records) <= MAX_OPTIONS:
            return [OptionGroup("", special)]
        listed = sorted(self._options(records), key=lambda option: str(option.label))
        return [OptionGroup("", special), OptionGroup(self.label, listed)]

    def labels_of(self, user: User, keys: Sequence[str]) -> dict[str, str]:
        labels = {}
        for record in records_by_key(self.kind, user, keys):
            # The lookup may ignore case, so the key in the address can differ from the record's.
            found = str(getattr(record, self.kind.key)).casefold()
            text = self.kind.label(record)
            labels.update({key: text for key in keys if key.casefold() == found})
        return labels

    def search(self, user: User, text: str) -> list[FilterOption]:
        """Return the first records that have every word of ``text`` in a searched column.

        The options that stand for no record are in front of them, for the picker shows only these.
        """
        folded = text.casefold()
        special = [each for each in self._special_options() if folded in str(each.label).casefold()]
        records = self.kind.records(user)
        for word in text.split():
            columns = (Q(**{f"{each}__icontains": word}) for each in self.kind.searched_columns)
            records = records.filter(reduce(or_, columns))
        return [*special, *self._options(records[:MAX_SEARCH_RESULTS])]

    def _special_options(self) -> list[FilterOption]:
        options = []
        if self.kind.mine is not None:
            options.append(FilterOption(MINE, _("Mine")))
        if self.kind.empty_label:
            is_named = isinstance(self.kind.empty_label, Promise)
            options.append(FilterOption(NO_VALUE, self.kind.empty_label if is_named else _("None")))
        return options

    def _options(self, records: Iterable[Any]) -> list[FilterOption]:
        listed = list(records)
        levels = [self.kind.level(record) if self.kind.level else 0 for record in listed]
        top_level = min(levels, default=0)
        return [
            FilterOption(
                str(getattr(record, self.kind.key)), self.kind.label(record), level - top_level
            )
            for record, level in zip(listed, levels, strict=True)
        ]
