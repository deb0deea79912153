"""A list's filters as a FilterSet of django-filter, which parses them for pages and the API."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from core.listing.filters import MAX_VALUE_LENGTH, Comparison, ListFilter, Predicate


class ComparisonField(forms.Field):
    """Parses the values of one parameter. ``clean`` returns a list, empty if all are blank."""

    widget = forms.MultipleHiddenInput

    def __init__(self, comparison: Comparison, **options: Any) -> None:
        self.comparison = comparison
        super().__init__(**options)

    def to_python(self, value: Any) -> list[Any]:
        """Return the parsed values; raise ValidationError with the message of the first fault.

        If a comparison of one value is given several, the last counts.
        """
        texts = [text.strip() for text in value or () if text.strip()]
        if not self.comparison.is_multiple:
            texts = texts[-1:]
        return [self._parse(text) for text in texts]

    def _parse(self, text: str) -> Any:
        if len(text) > MAX_VALUE_LENGTH:
            raise ValidationError(str(ValueFault.TOO_LONG.label))
        try:
            return self.comparison.parse(text)
        except UnreadableError as error:
            raise ValidationError(str(ValueFault(error.code).label)) from error


class ComparisonFilter(django_filters.Filter):
    """One comparison of a list's filter."""

    field_class = ComparisonField

    def __init__(self, list_filter: ListFilter, comparison: Comparison) -> None:
        self.list_filter = list_filter
        self.comparison = comparison
        super().__init__(label=list_filter.label, comparison=comparison)

    def predicate(self, user: User, texts: Sequence[str]) -> Predicate:
        """Return the database's condition for values as text; raise ValidationError."""
        values = self.field.clean(texts)
        return self.comparison.condition(user, values) if values else Q()


def comparison_filters(filters: Iterable[ListFilter]) -> dict[str, ComparisonFilter]:
    """Return a filter of django-filter for each comparison, by its parameter."""
    return {
        parameter: ComparisonFilter(list_filter, comparison)
        for list_filter in filters
        for parameter, comparison in list_filter.comparisons_by_parameter().items()
    }


class ListFilterSet(django_filters.FilterSet):
    """Parses the parameters of an address that are filters of a list."""

    def __init__(
        self, data: Any, *, filters: Mapping[str, ComparisonFilter], queryset: QuerySet[Any]
    ) -> None:
        super().__init__(data, queryset)
        self.filters = filters
        for each in filters.values():
            each.parent = self
            each.model = queryset.model
