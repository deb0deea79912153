"""The page of a list: reads the address, shows one page of rows with filters and sorting."""

from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core.fields.declarations import fields_by_name
from core.listing.condition_labels import ConditionLabels
from core.listing.conditions import with_parameters_once
from core.listing.controls import FilterControls
from core.listing.counting import RowCount, count_rows, count_rows_quickly
from core.listing.declarations import ListColumn, ListDeclaration, ListTab
from core.listing.page_parts import (
    ActiveFilter,
    Cell,
    EditLink,
    FilterControl,
    Header,
    TabLink,
)
from core.listing.paging import (
    END,
    InvalidPositionError,
    KeysetPage,
    KeysetPager,
)
from core.listing.query import SEARCH, ListQuery
from core.listing.registry import lists
from core.listing.selection import Problem, UserList
from core.listing.tabs import MAX_VIEW_TABS, ListTabs, is_same_query, query_of, view_tab
from core.models import SavedView
from core.pages import AuthedRequest, Page

PAGE_SIZE = 50
RESULTS_ID = "list-results"  # of the element that a filter replaces
REFRESH_ID = "list-refresh"  # of the element that fetches the rows again
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
        self.tabs = ListTabs(user_list, request.GET.get(VIEW, ""))
        self.problems += self.tabs.problems
        self._codec = user_list.position_codec(self.query)
        self._after, self._before = request.GET.get(AFTER, ""), request.GET.get(BEFORE, "")
        self.page = self._read_page()

    @property
    def full_query(self) -> ListQuery:
        """The query with the conditions of the tab."""
        tab = self.tabs.current
        if tab is None:
            return self.query
        conditions = with_parameters_once([*self.query.conditions, *tab.conditions])
        return replace(self.query, conditions=tuple(conditions))

    def _matching_rows(self, *, is_ordered: bool = False) -> QuerySet[Any]:
        return self.user_list.rows(self.full_query, is_ordered=is_ordered)

    @property
    def export_url(self) -> str:
        """The address that exports what the list shows now, on all its pages."""
        return self._action_url("list_export")

    @property
    def save_view_url(self) -> str:
        """The address that saves what the list shows as a new view."""
        return self._action_url("list_views")

    @property
    def change_view_url(self) -> str:
        """The address that changes the current view; blank without one."""
        view = self.tabs.current_view
        return "" if view is None else self._action_url("list_view", view.pk)

    @cached_property
    def edit_links(self) -> list[EditLink]:
        """The edits of selected rows that the user may make."""
        fields = fields_by_name(self.user_list.fields)
        return [
            EditLink(fields[edit.field].list_label, self._action_url("list_edit", edit.field))
            for edit in self.declaration.bulk_edits
            if self.user_list.user.may(edit.permission)
        ]

    def _action_url(self, url_name: str, *arguments: Any) -> str:
        """Return an address that does something with what the list shows."""
        parameters = self.url(self.query).removeprefix(self.base_url)
        return reverse(url_name, args=[self.declaration.name, *arguments]) + parameters

    @property
    def unit_name(self) -> str:
        """The unit with which the user can share a view."""
        return self.user_list.user.unit.name

    @property
    def is_view_changed(self) -> bool:
        """Whether the list shows something else than the current view was saved with."""
        view = self.tabs.current_view
        return view is not None and not is_same_query(self.query, query_of(view))

    @cached_property
    def tab_links(self) -> list[TabLink]:
        """The links to the tabs: declared ones keep the query, those of views have their own."""
        links = [
            TabLink(tab.label, self.url(self.query, tab=tab), tab == self.tabs.current)
            for tab in self.tabs.declared
        ]
        return links + [
            TabLink(view.name, self.view_url(view), view == self.tabs.current_view, is_view=True)
            for view in self.tabs.views
        ]

    @property
    def shown_tab_links(self) -> list[TabLink]:
        """The links that are tabs: the declared ones, the first views, and the current one."""
        first = self.tab_links[: len(self.tabs.declared) + MAX_VIEW_TABS]
        others = self.tab_links[len(first) :]
        return first + [link for link in others if link.is_current]

    @property
    def more_tab_links(self) -> list[TabLink]:
        """The links to the other views."""
        shown = self.shown_tab_links
        return [link for link in self.tab_links if link not in shown]

    def view_url(self, view: SavedView) -> str:
        """Return the address of a saved view."""
        return self.url(query_of(view), tab=view_tab(view))

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
        """How many rows match the query: at least those up to this page, if counting is slow.

        A single page needs no counting.
        """
        page = self.page
        up_to_here = RowCount(page.start + len(page.ids) - 1, is_exact=not page.has_next)
        if not (page.has_previous or page.has_next):
            return up_to_here
        return count_rows_quickly(self._matching_rows()) or up_to_here

    @cached_property
    def rows(self) -> list[tuple[Any, list[Cell]]]:
        """The rows of the page in order, each with its cells."""
        user = self.user_list.user
        return [
            (row, [Cell(column, row, user) for column in self.user_list.columns])
            for row in self.user_list.read_rows(self.page.ids)
        ]

    @property
    def count_text(self) -> str:
        """How many rows match: "12,345", or "10,000+" if there are more."""
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

    @cached_property
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
        tab = tab or self.tabs.current
        pairs = [*query.address_parameters(), *others]
        if tab is not None and self.tabs.is_named_in_address(tab):
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
        return FilterControls(self.labels, self.query, self.url).controls()

    @property
    def main_controls(self) -> list[FilterControl]:
        """The controls that are always shown."""
        return [control for control in self.controls if not control.is_on_demand]

    @property
    def more_controls(self) -> list[FilterControl]:
        """The other controls, which the page shows on demand."""
        return [control for control in self.controls if control.is_on_demand]

    @property
    def hidden_parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query that no control of the form sends."""
        sent = {SEARCH}.union(*(control.names for control in self.controls))
        hidden = [pair for pair in self.query.address_parameters() if pair[0] not in sent]
        tab = self.tabs.current
        if tab is not None and self.tabs.is_named_in_address(tab):
            hidden.append((VIEW, tab.key))
        return hidden


def find_list(request: AuthedRequest, name: str) -> ListDeclaration:
    """Return the list of this name; raise Http404 for an unknown one.

    Raises PermissionDenied for a list that the user may not see.
    """
    declaration = lists().get(name)
    if declaration is None:
        raise Http404
    if declaration.permission is not None and not request.user.may(declaration.permission):
        raise PermissionDenied(declaration.permission.value)
    return declaration


def shown_list(request: AuthedRequest, name: str) -> ShownList:
    """Return what the list of this name shows at this address. Raises as ``find_list``."""
    return ShownList(UserList(find_list(request, name), request.user), request)


class ListPage(Page):
    """The page of a list. htmx gets the results only when it asks for them."""

    declaration: ClassVar[ListDeclaration]
    template_name: ClassVar[str] = "core/listing/page.html"
    empty_template_name: ClassVar[str] = "core/listing/empty.html"

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the rows that match the address; without parameters, those of the default view."""
        shown = ShownList(UserList(self.declaration, request.user), request)
        default_view = shown.tabs.default_view
        if default_view is not None and not request.GET and not request.htmx:
            return redirect(shown.view_url(default_view))
        return self.render_list(request, shown)

    def render_list(
        self,
        request: AuthedRequest,
        shown: ShownList | None = None,
        *,
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> HttpResponse:
        """Return the page, or the part of it that htmx asks for."""
        shown = shown or ShownList(UserList(self.declaration, request.user), request)
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
