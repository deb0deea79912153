"""The comparisons that filters have, by the kind of what they compare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import DecimalField, Q
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual, IContains, LessThanOrEqual
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.custom import MAX_DECIMALS
from core.fields.declarations import CUSTOM_COLUMN
from core.fields.faults import ValueFault
from core.fields.kind import FieldKind
from core.fields.kinds import Date, Money, Number, YesNo
from core.fields.reference import Reference
from core.listing.filters import NO_VALUE, Comparison, Predicate
from core.listing.periods import Period, parse_period

MINE = "mine"  # the key that stands for the user, or their unit: see ``Reference.mine``
_LOOKUPS = {"gte": GreaterThanOrEqual, "lte": LessThanOrEqual}


@dataclass(frozen=True)
class Column:
    """What a filter compares: a column, by its path from the model, or a custom field's value."""

    path: str
    kind: FieldKind
    custom_key: str = ""

    def equals(self, value: Any) -> Predicate:
        """Return the condition for this value. That for custom fields uses the GIN index."""
        if self.custom_key:
            stored = {self.custom_key: self.kind.to_json(value)}
            return Q(**{f"{CUSTOM_COLUMN}__contains": stored})
        return Q(**{self.path: value})

    def contains(self, text: str) -> Predicate:
        """Return the condition for texts that contain this one, in capitals or not."""
        if self.custom_key:
            return IContains(KeyTextTransform(self.custom_key, CUSTOM_COLUMN), text)
        return Q(**{f"{self.path}__icontains": text})

    def compare(self, lookup: str, value: Any) -> Predicate:
        """Return the condition that the value is at least ("gte") or at most ("lte") this one."""
        if not self.custom_key:
            return Q(**{f"{self.path}__{lookup}": value})
        stored: Combinable = KeyTextTransform(self.custom_key, CUSTOM_COLUMN)
        if isinstance(self.kind, Number | Money):
            stored = Cast(stored, DecimalField(max_digits=30, decimal_places=MAX_DECIMALS))
        # The JSON of a number is a float, which would not equal the decimal of the stored one.
        limit = value if isinstance(self.kind, Number) else self.kind.to_json(value)
        return _LOOKUPS[lookup](stored, limit)

    def is_empty(self) -> Q:
        """Return the condition for records without a value."""
        if self.custom_key:
            return ~Q(**{f"{CUSTOM_COLUMN}__has_key": self.custom_key})
        return Q(**{self.path: ""}) if self.kind.is_text else Q(**{f"{self.path}__isnull": True})


def text_comparisons(column: Column) -> list[Comparison]:
    """Return the comparisons of a text: a part of it, or whether there is one."""

    def contains(_user: User, values: Sequence[str]) -> Predicate:
        return column.contains(values[0])

    return [Comparison("", _parse_text, contains), _emptiness(column)]


def exact_comparisons(column: Column) -> list[Comparison]:
    """Return the comparisons of a text that is looked up as a whole, such as a code."""

    def is_any(_user: User, values: Sequence[str]) -> Predicate:
        return Q(**{f"{column.path}__in": list(values)})

    return [Comparison("", _parse_text, is_any, is_multiple=True)]


def value_comparisons(column: Column) -> list[Comparison]:
    """Return the comparisons of a number or amount: equal, at least, at most, empty."""
    kind = column.kind

    def equals(_user: User, values: Sequence[Any]) -> Predicate:
        return column.equals(values[0])

    return [
        Comparison("", kind.parse, equals, format=kind.format),
        _limit(column, "gte", pgettext_lazy("filter", "from")),
        _limit(column, "lte", pgettext_lazy("filter", "to")),
        _emptiness(column),
    ]


def date_comparisons(column: Column) -> list[Comparison]:
    """Return the comparisons of a day: those of a number, and a relative period."""

    def in_period(_user: User, values: Sequence[Period]) -> Predicate:
        first, last = values[0].days(timezone.localdate())
        condition = ~column.is_empty()
        if first is not None:
            condition &= Q(column.compare("gte", first))
        if last is not None:
            condition &= Q(column.compare("lte", last))
        return condition

    return [*value_comparisons(column), _period(in_period)]


def time_comparisons(path: str) -> list[Comparison]:
    """Return the comparisons of a time: from and to a time or day, and a relative period.

    A day stands for its first moment in "from" and for its last in "to", local time.
    """

    def at_least(_user: User, values: Sequence[datetime | date]) -> Predicate:
        return Q(**{f"{path}__gte": _start(values[0])})

    def at_most(_user: User, values: Sequence[datetime | date]) -> Predicate:
        value = values[0]
        if isinstance(value, datetime):
            return Q(**{f"{path}__lte": value})
        return Q(**{f"{path}__lt": _start(value + timedelta(days=1))})

    def in_period(_user: User, values: Sequence[Period]) -> Predicate:
        first, last = values[0].days(timezone.localdate())
        condition = Q(**{f"{path}__isnull": False})
        if first is not None:
            condition &= Q(**{f"{path}__gte": _start(first)})
        if last is not None:
            condition &= Q(**{f"{path}__lt": _start(last + timedelta(days=1))})
        return condition

    return [
        Comparison(
            "gte", _parse_time, at_least, pgettext_lazy("filter", "from"), format=_format_time
        ),
        Comparison("lte", _parse_time, at_most, pgettext_lazy("filter", "to"), format=_format_time),
        _period(in_period),
    ]


def yes_no_comparisons(column: Column, *, may_be_empty: bool = True) -> list[Comparison]:
    """Return the comparisons of yes or no: the value, and whether there is one.

    Without ``may_be_empty``, every record has one.
    """

    def equals(_user: User, values: Sequence[bool]) -> Predicate:
        return column.equals(values[0])

    comparison = Comparison("", column.kind.parse, equals, format=column.kind.format)
    return [comparison, *([_emptiness(column)] if may_be_empty else [])]


def choice_comparisons(column: Column, *, may_be_empty: bool = True) -> list[Comparison]:
    """Return the comparisons of a choice: one of the values, or none of them.

    With ``may_be_empty``, NO_VALUE stands for records without a value.
    """
    kind = column.kind

    def parse(text: str) -> Any:
        return NO_VALUE if may_be_empty and text == NO_VALUE else kind.parse(text)

    def label(value: Any) -> str:
        return _("None") if value == NO_VALUE else kind.format(value)

    def is_any(_user: User, values: Sequence[Any]) -> Q:
        conditions = (
            column.is_empty() if value == NO_VALUE else Q(column.equals(value)) for value in values
        )
        return reduce(or_, conditions)

    return _any_and_none(parse, is_any, label, column.is_empty() if may_be_empty else None)


def reference_comparisons(path: str, kind: Reference) -> list[Comparison]:
    """Return the comparisons of a related record: one of these keys, or none of them.

    A key that the user may not refer to selects nothing. NO_VALUE stands for records without a
    related one, MINE for those that refer to the user or their unit.
    """

    def is_any(user: User, keys: Sequence[str]) -> Q:
        condition = Q(pk__in=[])
        if NO_VALUE in keys:
            condition |= Q(**{f"{path}__isnull": True})
        records = records_by_key(kind, user, keys)
        if kind.mine is not None and MINE in keys:
            records.append(kind.mine(user))
        if records and kind.included_in_filter is not None:
            condition |= Q(**{f"{path}__in": kind.included_in_filter(user, records).values("pk")})
        elif records:
            condition |= Q(**{f"{path}__in": [record.pk for record in records]})
        return condition

    return _any_and_none(_parse_text, is_any, str)


def records_by_key(kind: Reference, user: User, keys: Sequence[str]) -> list[Any]:
    """Return the records with these keys that the user may refer to."""
    named = [key for key in keys if key != NO_VALUE]
    if not named:
        return []
    matching = reduce(or_, (Q(**{kind.lookup: key}) for key in named))
    return list(kind.records(user).filter(matching))


def _emptiness(column: Column) -> Comparison:
    def is_empty(_user: User, values: Sequence[bool]) -> Predicate:
        return column.is_empty() if values[0] else ~column.is_empty()

    return Comparison(
        "empty", YesNo().parse, is_empty, pgettext_lazy("filter", "empty:"), format=YesNo().format
    )


def _limit(column: Column, lookup: str, label: str | Promise) -> Comparison:
    kind = column.kind

    def compare(_user: User, values: Sequence[Any]) -> Predicate:
        return column.compare(lookup, values[0])

    return Comparison(lookup, kind.parse, compare, label, format=kind.format)


def _period(condition: Callable[[User, Sequence[Period]], Predicate]) -> Comparison:
    return Comparison("period", parse_period, condition, format=lambda period: period.label)


def _any_and_none(
    parse: Callable[[str], Any],
    is_any: Callable[[User, Sequence[Any]], Q],
    format_value: Callable[[Any], str],
    is_empty: Q | None = None,
) -> list[Comparison]:
    def is_none(user: User, values: Sequence[Any]) -> Q:
        condition = ~is_any(user, values)
        if is_empty is None or NO_VALUE in values:
            return condition
        return condition | is_empty  # in SQL, NOT does not hold for an empty annotation

    return [
        Comparison("", parse, is_any, is_multiple=True, format=format_value),
        Comparison(
            "not",
            parse,
            is_none,
            pgettext_lazy("filter", "not"),
            is_multiple=True,
            format=format_value,
        ),
    ]


def _parse_text(text: str) -> str:
    if "\0" in text:
        raise UnreadableError(ValueFault.BAD_CHARACTER)
    return text


def _parse_time(text: str) -> datetime | date:
    """Parse 2026-01-31 and 2026-01-31T09:30+08:00; a time without a zone is local.

    Faults: not_a_date, and no_such_date for a time that cannot be expressed in UTC.
    """
    if len(text) <= len("2026-01-31"):
        return Date().parse(text)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else timezone.make_aware(moment)
        timezone.localtime(moment)  # it is shown in local time
        return moment.astimezone(UTC)
    except ValueError as error:
        raise UnreadableError(ValueFault.NOT_A_DATE) from error
    except OverflowError as error:
        raise UnreadableError(ValueFault.NO_SUCH_DATE) from error


def _start(value: datetime | date) -> datetime:
    """Return a time unchanged, and the first moment of a day."""
    return (
        value
        if isinstance(value, datetime)
        else timezone.make_aware(datetime.combine(value, time.min))
    )


def _format_time(value: datetime | date) -> str:
    if not isinstance(value, datetime):
        return date_format(value, "Y-m-d")
    return date_format(timezone.localtime(value), "Y-m-d H:i")
