"""The controls of a list's filters on its page."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.urls import reverse

from core.listing.condition_labels import ConditionLabels
from core.listing.conditions import Condition
from core.listing.field_filters import period_options
from core.listing.filters import FilterOption, ListFilter, OptionGroup
from core.listing.page_parts import FilterControl, FilterLink, LimitInput
from core.listing.query import ListQuery

OFFERED_PERIODS = ("today", "last_7_days", "last_30_days", "this_month", "last_month", "this_year")
MAX_MENU_LINKS = 15  # a filter with more options is a select, in which one can type


class FilterControls:
    """Makes the controls for a query. ``url`` returns the address of another query."""

    def __init__(
        self, labels: ConditionLabels, query: ListQuery, url: Callable[[ListQuery], str]
    ) -> None:
        self._labels = labels
        self._query = query
        self._url = url

    def controls(self) -> list[FilterControl]:
        """Return the controls of the filters that are offered, and of those in use."""
        offered = (
            each
            for each in self._labels.user_list.filters
            if each.has_control and (each.is_offered or self._is_used(each))
        )
        return [
            replace(self._control(each), is_on_demand=each.is_on_demand and not self._is_used(each))
            for each in offered
        ]

    def _is_used(self, list_filter: ListFilter) -> bool:
        return any(map(self._query.values_of, list_filter.comparisons_by_parameter()))

    def _control(self, list_filter: ListFilter) -> FilterControl:
        if list_filter.limits:
            return self._range_control(list_filter)
        values = self._query.values_of(list_filter.offered_parameter)
        groups = self._labels.option_groups(list_filter)
        options = [option for group in groups for option in group.options]
        parameter = list_filter.offered_parameter
        control = FilterControl(parameter, list_filter.label, is_used=bool(values), groups=groups)
        if list_filter.option_groups is None:
            return replace(control, value=values[0] if values else "", groups=())
        if list_filter.search is not None and len(groups) == 1:
            url = reverse(
                "list_options", args=[self._labels.user_list.declaration.name, list_filter.key]
            )
            control = replace(control, options_url=url)
        elif len(options) <= MAX_MENU_LINKS and len(groups) == 1:
            links = [self._link(parameter, values, option) for option in options]
            return replace(control, links=links, groups=(), hidden_values=values)
        return self._select(control, values)

    def _range_control(self, list_filter: ListFilter) -> FilterControl:
        """Return the control of a filter by number, amount, day or time: periods, from and to."""
        period = list_filter.parameter("period")
        has_periods = period in self._labels.user_list.comparisons
        limits = []
        for comparison in list_filter.limits:
            name = comparison.parameter(list_filter.key)
            value = next(iter(self._query.values_of(name)), "")
            is_date = has_periods and len(value) <= len("2026-01-31")  # the rest is a time of day
            limits.append(LimitInput(name, comparison.label, value, is_date))
        links = []
        if has_periods:
            groups = self._labels.option_groups(list_filter) or [period_options(*OFFERED_PERIODS)]
            options = [option for group in groups for option in group.options]
            links = [self._link(period, self._query.values_of(period), each) for each in options]
        return FilterControl(
            period,
            list_filter.label,
            is_used=self._is_used(list_filter),
            links=links,
            limits=limits,
            hidden_values=self._query.values_of(period),
        )

    def _select(self, control: FilterControl, values: Sequence[str]) -> FilterControl:
        """A select sends one value; of several, the others are sent hidden."""
        if not values:
            return control
        *others, value = values
        known = {option.value for group in control.groups for option in group.options}
        groups = list(control.groups)
        if value not in known:  # there are too many options to list
            label = self._labels.value(Condition(control.key, (value,)))
            groups.append(OptionGroup("", [FilterOption(value, label)]))
        return replace(control, value=value, hidden_values=others, groups=groups)

    def _link(self, parameter: str, values: Sequence[str], option: FilterOption) -> FilterLink:
        is_selected = option.value in values
        new_values = [value for value in values if value != option.value]
        if not is_selected:
            is_multiple = self._labels.user_list.comparisons[parameter].comparison.is_multiple
            new_values = [*values, option.value] if is_multiple else [option.value]
        query = self._query.with_condition(parameter, *new_values)
        return FilterLink(option.label, self._url(query), is_selected)
