"""The page of a list: reads the address, shows one page of rows with filters and sorting."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core.listing.condition_labels import ConditionLabels
from core.listing.conditions import Condition
from core.listing.declarations import ListColumn, ListDeclaration, ListTab
from core.listing.field_filters import period_options
from core.listing.filters import FilterOption, ListFilter, OptionGroup
from core.listing.page_parts import (
    ActiveFilter,
    Cell,
    FilterControl,
    FilterLink,
    Header,
    LimitInput,
    TabLink,
)
from core.listing.paging import (
    END,
    InvalidPositionError,
    KeysetPage,
    KeysetPager,
    RowCount,
    count_rows,
)
from core.listing.query import SEARCH, ListQuery
from core.listing.selection import Problem, UserList
from core.pages import AuthedRequest, Page

PAGE_SIZE = 50
RESULTS_ID = "list-results"  # of the element that a filter replaces
REFRESH_ID = "list-refresh"  # of the element that fetches the rows again
OFFERED_PERIODS = ("today", "last_7_days", "last_30_days", "this_month", "last_month", "this_year")
MAX_MENU_LINKS = 15  # a filter with more options is a select, in which one can type
# Parameters of a page: the position it follows or precedes, and its tab.
AFTER, BEFORE, VIEW = "after", "before", "view"


class ShownList:
    """What the templates of a list need: one page of rows, and controls for the query."""

    def __init__(self, user_list: UserList, request: AuthedRequest) -> None:
        self.user_list = user_list
        self.declaration = user_list.declaration
        self.labels = ConditionLabels(user_list)
        query, problems = user_list.read(request.GET, (AFTER, BEFORE, VIEW))
        self.query, unknown_values = self.labels.known_part(query)
        self.problems: list[Problem] = [*problems, *unknown_values]
        self.tab = self._read_tab(request.GET.get(VIEW, ""))
        self._codec = user_list.position_codec(self.query)
        self._after, self._before = request.GET.get(AFTER, ""), request.GET.get(BEFORE, "")
        self.page = self._read_page()

    def _read_tab(self, key: str) -> ListTab | None:
        tabs = self.declaration.tabs
        for tab in tabs:
            if tab.key == key:
                return tab
        if key:
            self.problems.append(Problem(VIEW, _("Not found: %s") % key))
        return tabs[0] if tabs else None

    @property
    def full_query(self) -> ListQuery:
        """The query with the conditions of the tab."""
        if self.tab is None:
            return self.query
        return replace(self.query, conditions=(*self.query.conditions, *self.tab.conditions))

    def _matching_rows(self, *, is_ordered: bool = False) -> QuerySet[Any]:
        return self.user_list.rows(self.full_query, is_ordered=is_ordered)

    @property
    def export_url(self) -> str:
        """The address that exports what the list shows now, on all its pages."""
        parameters = self.url(self.query).removeprefix(self.base_url)
        return reverse("list_export", args=[self.declaration.name]) + parameters

    @property
    def tabs(self) -> list[TabLink]:
        """The links to the tabs."""
        return [
            TabLink(tab.label, self.url(self.query, tab=tab), tab is self.tab)
            for tab in self.declaration.tabs
        ]

    def _read_page(self) -> KeysetPage:
        """Return the requested page; the first one for a position of another order."""
        rows = self._matching_rows(is_ordered=True)
        pager = self.user_list.pager(rows, self.query, PAGE_SIZE)
        try:
            page = self._read_positioned_page(pager)
        except InvalidPositionError:
            page = pager.first_page()
        return page

    def _read_positioned_page(self, pager: KeysetPager) -> KeysetPage:
        """Return the requested page; a neighbour if its rows are gone."""
        if self._before == END:
            return pager.last_page(count_rows(self._matching_rows()).number)
        if self._before:
            page = pager.page_before(self._codec.decode(self._before))
            return page if page.ids else pager.first_page()
        if self._after:
            page = pager.page_after(self._codec.decode(self._after))
            return page if page.ids else pager.last_page(count_rows(self._matching_rows()).number)
        return pager.first_page()

    @cached_property
    def count(self) -> RowCount:
        """How many rows match the query. A single page needs no counting."""
        return self._single_page_count or count_rows(self._matching_rows())

    @property
    def _single_page_count(self) -> RowCount | None:
        page = self.page
        is_single = not (page.has_previous or page.has_next)
        return RowCount(len(page.ids), is_exact=True) if is_single else None

    @cached_property
    def rows(self) -> list[tuple[Any, list[Cell]]]:
        """The rows of the page in order, each with its cells."""
        user = self.user_list.user
        return [
            (row, [Cell(column, column.text_of(row, user)) for column in self.user_list.columns])
            for row in self.user_list.read_rows(self.page.ids)
        ]

    @property
    def count_text(self) -> str:
        """How many rows match: "12,345", or "10,000+" if that is not counted exactly."""
        number = number_format(self.count.number, force_grouping=True)
        return number if self.count.is_exact else f"{number}+"

    @property
    def range_text(self) -> str:
        """Which rows the page shows, out of how many."""
        # Rows added since the position was made can make the last number exceed the count.
        start, count = self.page.start, self.count.number
        end = start + len(self.page.ids) - 1
        values = {
            "first": number_format(start, force_grouping=True),
            "last": number_format(end, force_grouping=True),
            "total": number_format(max(end, count), force_grouping=True),
        }
        if self.count.is_exact:
            return _("%(first)s–%(last)s of %(total)s") % values
        return _("%(first)s–%(last)s of more than %(total)s") % values

    @property
    def base_url(self) -> str:
        """The address of the whole list."""
        return reverse(self.user_list.declaration.url_name)

    @property
    def current_url(self) -> str:
        """The address of this page, without parameters that the list does not have."""
        positions = [(AFTER, self._after), (BEFORE, self._before)]
        return self.url(self.query, *(pair for pair in positions if pair[1]))

    @property
    def first_url(self) -> str:
        """The address of the first page; blank on the first page."""
        return self.url(self.query) if self.page.has_previous else ""

    @property
    def previous_url(self) -> str:
        """The address of the previous page; blank if there is none."""
        if not (self.page.has_previous and self.page.first):
            return ""
        return self.url(self.query, (BEFORE, self._codec.encode(self.page.first)))

    @property
    def next_url(self) -> str:
        """The address of the next page; blank if there is none."""
        if not (self.page.has_next and self.page.last):
            return ""
        return self.url(self.query, (AFTER, self._codec.encode(self.page.last)))

    @property
    def last_url(self) -> str:
        """The address of the last page; blank on it, and if its row numbers are not known."""
        is_known = self.page.has_next and self.count.is_exact
        return self.url(self.query, (BEFORE, END)) if is_known else ""

    @property
    def clear_url(self) -> str:
        """The address without search text and conditions, in the same order and on the same tab."""
        return self.url(ListQuery(sort=self.query.sort))

    def url(self, query: ListQuery, *others: tuple[str, str], tab: ListTab | None = None) -> str:
        """Return the address of a query on a tab (the current one if None), and of a page."""
        tab = tab or self.tab
        is_other_tab = tab is not None and tab is not self.declaration.tabs[0]
        pairs = [*query.address_parameters(), *others]
        if tab is not None and is_other_tab:
            pairs.insert(0, (VIEW, tab.key))
        return f"{self.base_url}?{urlencode(pairs)}" if pairs else self.base_url

    @property
    def headers(self) -> list[Header]:
        """The headers of the columns."""
        return [self._header(column) for column in self.user_list.columns]

    def _header(self, column: ListColumn) -> Header:
        if column.sort is None:
            return Header(column.label, is_numeric=column.is_numeric)
        key, _sort, is_descending = self.user_list.sort_of(self.query)
        is_current = key == column.key
        reverses = is_current and not is_descending
        sort = f"-{column.key}" if reverses else column.key
        is_default = sort == self.user_list.default_sort
        direction = ("descending" if is_descending else "ascending") if is_current else ""
        url = self.url(replace(self.query, sort="" if is_default else sort))
        return Header(column.label, url, direction, column.is_numeric)

    @property
    def active_filters(self) -> list[ActiveFilter]:
        """The search text and the conditions, each with the address without it."""
        active = [
            ActiveFilter(
                self.labels.label(node), self.labels.value(node), self.url(self.query.without(node))
            )
            for node in self.query.conditions
        ]
        if self.query.search:
            url = self.url(replace(self.query, search=""))
            active.insert(0, ActiveFilter(_("Search"), self.query.search, url))
        return active

    @cached_property
    def controls(self) -> list[FilterControl]:
        """The controls of the filters that are offered, and of those in use."""
        offered = (
            each
            for each in self.user_list.filters
            if each.has_control and (each.is_offered or self._is_used(each))
        )
        return [
            replace(self._control(each), is_on_demand=each.is_on_demand and not self._is_used(each))
            for each in offered
        ]

    @property
    def main_controls(self) -> list[FilterControl]:
        """The controls that are always shown."""
        return [control for control in self.controls if not control.is_on_demand]

    @property
    def more_controls(self) -> list[FilterControl]:
        """The other controls, which the page shows on demand."""
        return [control for control in self.controls if control.is_on_demand]

    def _is_used(self, list_filter: ListFilter) -> bool:
        return any(map(self.query.values_of, list_filter.comparisons_by_parameter()))

    def _control(self, list_filter: ListFilter) -> FilterControl:
        if list_filter.limits:
            return self._range_control(list_filter)
        values = self.query.values_of(list_filter.offered_parameter)
        groups = self.labels.option_groups(list_filter)
        options = [option for group in groups for option in group.options]
        parameter = list_filter.offered_parameter
        control = FilterControl(parameter, list_filter.label, is_used=bool(values), groups=groups)
        if list_filter.option_groups is None:
            return replace(control, value=values[0] if values else "", groups=())
        if list_filter.search is not None and len(groups) == 1:
            url = reverse("list_options", args=[self.user_list.declaration.name, list_filter.key])
            control = replace(control, options_url=url)
        elif len(options) <= MAX_MENU_LINKS and len(groups) == 1:
            links = [self._link(parameter, values, option) for option in options]
            return replace(control, links=links, groups=(), hidden_values=values)
        return self._select(control, values)

    def _range_control(self, list_filter: ListFilter) -> FilterControl:
        """Return the control of a filter by number, amount, day or time: periods, from and to."""
        period = list_filter.parameter("period")
        has_periods = period in self.user_list.comparisons
        limits = []
        for comparison in list_filter.limits:
            name = comparison.parameter(list_filter.key)
            value = next(iter(self.query.values_of(name)), "")
            is_date = has_periods and len(value) <= len("2026-01-31")  # the rest is a time of day
            limits.append(LimitInput(name, comparison.label, value, is_date))
        links = []
        if has_periods:
            groups = self.labels.option_groups(list_filter) or [period_options(*OFFERED_PERIODS)]
            options = [option for group in groups for option in group.options]
            links = [self._link(period, self.query.values_of(period), each) for each in options]
        return FilterControl(
            period,
            list_filter.label,
            is_used=self._is_used(list_filter),
            links=links,
            limits=limits,
            hidden_values=self.query.values_of(period),
        )

    def _select(self, control: FilterControl, values: Sequence[str]) -> FilterControl:
        """A select sends one value; of several, the others are sent hidden."""
        if not values:
            return control
        *others, value = values
        known = {option.value for group in control.groups for option in group.options}
        groups = list(control.groups)
        if value not in known:  # there are too many options to list
            label = self.labels.value(Condition(control.key, (value,)))
            groups.append(OptionGroup("", [FilterOption(value, label)]))
        return replace(control, value=value, hidden_values=others, groups=groups)

    def _link(self, parameter: str, values: Sequence[str], option: FilterOption) -> FilterLink:
        is_selected = option.value in values
        new_values = [value for value in values if value != option.value]
        if not is_selected:
            is_multiple = self.user_list.comparisons[parameter].comparison.is_multiple
            new_values = [*values, option.value] if is_multiple else [option.value]
        query = self.query.with_condition(parameter, *new_values)
        return FilterLink(option.label, self.url(query), is_selected)

    @property
    def hidden_parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query that no control of the form sends."""
        sent = {SEARCH}.union(*(control.names for control in self.controls))
        hidden = [pair for pair in self.query.address_parameters() if pair[0] not in sent]
        if self.tab is not None and self.tab is not self.declaration.tabs[0]:
            hidden.append((VIEW, self.tab.key))
        return hidden


class ListPage(Page):
    """The page of a list. htmx gets the results only when it asks for them."""

    declaration: ClassVar[ListDeclaration]
    template_name: ClassVar[str] = "core/listing/page.html"
    empty_template_name: ClassVar[str] = "core/listing/empty.html"

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the rows that match the address."""
        return self.render_list(request)

    def render_list(
        self, request: AuthedRequest, *, status: int = HTTPStatus.OK, **context: Any
    ) -> HttpResponse:
        """Return the page, or the part of it that htmx asks for."""
        shown = ShownList(UserList(self.declaration, request.user), request)
        context = {
            "list": shown,
            "empty_template": self.empty_template_name,
            **self.extra_context(request, shown),
            **context,
        }
        response = render(request, self._template(request), context, status=status)
        patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-Trigger"])
        if request.htmx and request.htmx.trigger != REFRESH_ID:
            response["HX-Push-Url"] = shown.current_url
        return response

    def _template(self, request: AuthedRequest) -> str:
        if request.htmx.target != RESULTS_ID or request.htmx.history_restore_request:
            return self.template_name
        is_refresh = request.htmx.trigger == REFRESH_ID
        return "core/listing/table.html" if is_refresh else "core/listing/results.html"

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Return what the templates need besides the list.

        While ``refreshes`` is true, the page fetches its rows again every two seconds.
        """
        return {}
