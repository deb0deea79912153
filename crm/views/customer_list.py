"""The customer list: search, filters, sorting, pages.

``crm.filters`` reads the URL's parameters and finds the customers; this module turns the result
into what the templates show. A new search, filter or order replaces only the results, by htmx.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Money, Number
from core.pages import AuthedRequest, Page
from crm.filters import Filter, FilterOption, ListQuery, OptionGroup, read_query
from crm.models import Customer

PER_PAGE = 50
# A filter with more options is a select, in which one can type to find an option.
MAX_MENU_LINKS = 15
RESULTS_ID = "customer-results"  # of the element in crm/customer_list.html
# Templates of the cells of some fields; all others are text.
CELL_TEMPLATES = {
    "grade": "crm/columns/grade.html",
    "stage": "crm/columns/stage.html",
    "owner": "crm/columns/owner.html",
    "industry": "crm/columns/industry.html",
}
TEXT_CELL_TEMPLATE = "crm/columns/text.html"


@dataclass(frozen=True)
class TableColumn:
    """A column of the list, between the customer's name and the time of the last change."""

    key: str  # in the URL's parameter ``sort``
    label: str | Promise
    template: str  # of a cell; gets ``customer``, ``column`` and ``text``
    numeric: bool = False
    field: FieldDeclaration | None = None  # whose ``text`` is shown; None in columns of other apps


@dataclass(frozen=True)
class Header:
    """A column's header: a link that sorts by the column, or reverses the order if it is sorted."""

    label: str | Promise
    url: str
    direction: str  # "ascending" or "descending"; blank if the list is not sorted by the column
    numeric: bool = False


@dataclass(frozen=True)
class ActiveFilter:
    """A filter in use, and the URL of the list without it."""

    label: str | Promise
    value: str | Promise
    url: str


@dataclass(frozen=True)
class FilterLink:
    """An option in a filter's menu: a link that selects it, or deselects the selected one."""

    label: str | Promise
    url: str
    is_selected: bool


@dataclass(frozen=True)
class FilterControl:
    """A filter as it is shown: a menu of links, a select if it is long, or a text input.

    It is a menu if neither ``use_select`` nor ``use_input`` is set.
    """

    key: str  # of the URL's parameter
    label: str | Promise
    value: str
    is_selected: bool  # whether the list is filtered by it
    hint: str  # the tooltip of a select
    use_select: bool
    use_input: bool
    groups: Sequence[OptionGroup]  # of a select
    links: Sequence[FilterLink]  # of a menu


class CustomerList(Page):
    """The customers the user sees, filtered and sorted."""

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the page, or only the results if htmx is to replace them."""
        query = read_query(request.user, request.GET.dict())
        # The ids come first, so that related records are joined only for the rows of this page.
        page = Paginator(query.customers().values_list("pk", flat=True), PER_PAGE).get_page(
            request.GET.get("page")
        )
        columns = _columns(query)
        customers = query.rows(list(page))
        context: dict[str, Any] = {
            "query": query,
            "page": page,
            "customers": customers,
            "rows": [(customer, _cells(request.user, customer, columns)) for customer in customers],
            "headers": _headers(query, columns),
            "filters": [
                _filter_control(query, item)
                for item in query.filters
                if item.is_offered or item.selected_option
            ],
            "active_filters": _active_filters(query),
            "may_create": request.user.may(Permission.CUSTOMER_EDIT),
            "sort": query.parameters().get("sort", ""),
        }
        # To restore a page of the browser's history, htmx needs the whole page.
        results_only = (
            request.htmx.target == RESULTS_ID and not request.htmx.history_restore_request
        )
        template = "crm/_customer_results.html" if results_only else "crm/customer_list.html"
        response = render(request, template, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        if request.htmx:
            # The browser shows the URL without the blank parameters that the form sends.
            number = str(page.number) if page.number > 1 else ""
            response["HX-Push-Url"] = _url(query.parameters(page=number))
        return response


def _columns(query: ListQuery) -> list[TableColumn]:
    """Return the columns of declared fields, then those of other apps."""
    field_columns = [
        TableColumn(
            key=field.name,
            label=field.list_label,
            template=CELL_TEMPLATES.get(field.name, TEXT_CELL_TEMPLATE),
            numeric=isinstance(field.kind, Number | Money),
            field=field,
        )
        for field in query.column_fields
    ]
    part_columns = [
        TableColumn(column.key, column.label, column.template, column.numeric)
        for column in query.part_columns
    ]
    return [*field_columns, *part_columns]


def _cells(
    user: User, customer: Customer, columns: Sequence[TableColumn]
) -> list[tuple[TableColumn, str]]:
    return [
        (column, column.field.text_of(customer, user) if column.field else "") for column in columns
    ]


def _headers(query: ListQuery, columns: Sequence[TableColumn]) -> list[Header]:
    return [
        _header(query, "name", _("Customer")),
        *(_header(query, column.key, column.label, numeric=column.numeric) for column in columns),
        _header(query, "changed", _("Changed")),
    ]


def _header(query: ListQuery, key: str, label: str | Promise, *, numeric: bool = False) -> Header:
    is_current = query.sort == key
    is_ascending = is_current and not query.descending
    direction = ("descending" if query.descending else "ascending") if is_current else ""
    url = _url(query.parameters(sort=f"-{key}" if is_ascending else key))
    return Header(label=label, url=url, direction=direction, numeric=numeric)


def _filter_control(query: ListQuery, item: Filter) -> FilterControl:
    options = [option for group in item.groups for option in group.options]
    use_select = len(options) > MAX_MENU_LINKS or len(item.groups) > 1
    return FilterControl(
        key=item.key,
        label=item.label,
        value=item.current_value,
        is_selected=item.selected_option is not None,
        hint=item.hint,
        use_select=use_select,
        use_input=not item.groups,
        groups=item.groups if use_select else (),
        links=() if use_select else [_filter_link(query, item, option) for option in options],
    )


def _filter_link(query: ListQuery, item: Filter, option: FilterOption) -> FilterLink:
    is_selected = option.value == item.value
    url = _url(query.parameters(**{item.key: "" if is_selected else option.value}))
    return FilterLink(option.label, url, is_selected)


def _active_filters(query: ListQuery) -> list[ActiveFilter]:
    active = [
        ActiveFilter(
            item.label,
            item.selected_option.label,
            _url(query.parameters(**{item.key: ""})),
        )
        for item in query.active_filters
        if item.selected_option is not None
    ]
    if query.search_text:
        url = _url(query.parameters(q=""))
        active.insert(0, ActiveFilter(_("Search"), query.search_text, url))
    return active


def _url(parameters: Mapping[str, str]) -> str:
    url = reverse("customers")
    return f"{url}?{urlencode(parameters)}" if parameters else url
