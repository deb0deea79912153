"""The customer list: search, filters, sorting, pages. Narrowing it swaps the results alone."""

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
from crm.filters import Filter, Group, ListQuery, Option, read_query
from crm.models import Customer

PER_PAGE = 50
MAX_MENU_LINKS = 15  # more choices than these are a select, which one can type into
RESULTS = "customer-results"
# How the cells of some fields are drawn; all others are text.
CELL_TEMPLATES = {
    "grade": "crm/columns/grade.html",
    "stage": "crm/columns/stage.html",
    "owner": "crm/columns/owner.html",
    "industry": "crm/columns/industry.html",
}
TEXT_TEMPLATE = "crm/columns/text.html"


@dataclass(frozen=True)
class Column:
    """A column: its key in the address, and the template that draws its cell.

    The template gets ``customer``, ``text`` (a declared field's value as the user reads it) and
    ``column``.
    """

    key: str
    label: str | Promise
    template: str
    numeric: bool = False
    field: FieldDeclaration | None = None


@dataclass(frozen=True)
class Header:
    """A column's head: pressing it sorts by the column, pressing it again reverses the order."""

    label: str | Promise
    url: str
    direction: str  # as aria-sort has it; blank when the list is sorted by something else
    numeric: bool = False


@dataclass(frozen=True)
class Chip:
    """One thing the list is narrowed by, and the address without it."""

    label: str | Promise
    value: str | Promise
    url: str


@dataclass(frozen=True)
class Entry:
    """One line of a filter's menu: pressing it chooses the value, or gives up the one selected."""

    label: str | Promise
    url: str
    is_selected: bool


@dataclass(frozen=True)
class Menu:
    """A filter as it is shown: a menu of links, a select where it is long, or a text input."""

    key: str
    label: str | Promise
    value: str
    is_selected: bool
    hint: str
    use_select: bool
    use_input: bool
    groups: Sequence[Group]
    options: Sequence[Entry]


class CustomerList(Page):
    """Every customer the user sees, narrowed to what they ask for."""

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the page, or for a change of filters the results only."""
        query = read_query(request.user, request.GET.dict())
        # Ids first: the names beside them are then looked up for one page, not for all before it.
        page = Paginator(query.customers().values_list("pk", flat=True), PER_PAGE).get_page(
            request.GET.get("page")
        )
        columns = _columns(query)
        customers = query.rows(list(page))
        context: dict[str, Any] = {
            "query": query,
            "page": page,
            "customers": customers,
            "rows": [(each, _cells(request.user, each, columns)) for each in customers],
            "headers": _headers(query, columns),
            "filters": [_menu(query, each) for each in query.filters],
            "chips": _chips(query),
            "may_create": request.user.may(Permission.CUSTOMER_EDIT),
            "sort": query.parameters().get("sort", ""),
        }
        results_only = request.htmx.target == RESULTS and not request.htmx.history_restore_request
        template = "crm/_customer_results.html" if results_only else "crm/customer_list.html"
        response = render(request, template, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        if request.htmx:
            number = str(page.number) if page.number > 1 else ""
            response["HX-Push-Url"] = _url(query.parameters(page=number))
        return response


def _columns(query: ListQuery) -> list[Column]:
    declared = [
        Column(
            key=each.name,
            label=each.list_label,
            template=CELL_TEMPLATES.get(each.name, TEXT_TEMPLATE),
            numeric=isinstance(each.kind, Number | Money),
            field=each,
        )
        for each in query.listed_fields
    ]
    added = [
        Column(each.key, each.label, each.template, each.numeric) for each in query.part_columns
    ]
    return [*declared, *added]


def _cells(user: User, customer: Customer, columns: Sequence[Column]) -> list[tuple[Column, str]]:
    return [
        (column, column.field.text_of(customer, user) if column.field else "") for column in columns
    ]


def _headers(query: ListQuery, columns: Sequence[Column]) -> list[Header]:
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


def _menu(query: ListQuery, each: Filter) -> Menu:
    options = [option for group in each.groups for option in group.options]
    use_select = len(options) > MAX_MENU_LINKS or len(each.groups) > 1
    return Menu(
        key=each.key,
        label=each.label,
        value=each.typed or each.value,
        is_selected=each.selected_option is not None,
        hint=each.hint,
        use_select=use_select,
        use_input=not each.groups,
        groups=each.groups if use_select else (),
        options=() if use_select else [_entry(query, each, option) for option in options],
    )


def _entry(query: ListQuery, each: Filter, option: Option) -> Entry:
    is_selected = option.value == each.value
    url = _url(query.parameters(**{each.key: "" if is_selected else option.value}))
    return Entry(option.label, url, is_selected)


def _chips(query: ListQuery) -> list[Chip]:
    chips = [
        Chip(
            each.label,
            each.selected_option.label,
            _url(query.parameters(**{each.key: ""})),
        )
        for each in query.active
        if each.selected_option is not None
    ]
    if query.search_text:
        chips.insert(0, Chip(_("Search"), query.search_text, _url(query.parameters(q=""))))
    return chips


def _url(parameters: Mapping[str, str]) -> str:
    address = reverse("customers")
    return f"{address}?{urlencode(parameters)}" if parameters else address
