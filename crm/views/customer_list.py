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

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from crm.filters import Filter, Group, ListQuery, Option, read_query

PER_PAGE = 50
MAX_MENU_LINKS = 15  # more choices than these are a select, which one can type into
RESULTS = "customer-results"
HEADERS = (
    ("name", _("Customer")),
    ("grade", _("Grade")),
    ("stage", _("Stage")),
    ("industry", _("Industry")),
    ("owner", _("Account manager")),
)
LAST_HEADERS = (("changed", _("Changed")),)


@dataclass(frozen=True)
class Header:
    """A column's head: pressing it sorts by the column, pressing again turns the order round."""

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
    """One line of a filter's menu: pressing it chooses the value, or gives up the one chosen."""

    label: str | Promise
    url: str
    chosen: bool


@dataclass(frozen=True)
class Menu:
    """A filter as it is shown: a short menu of links, or where it is long, a select."""

    key: str
    label: str | Promise
    value: str
    chosen: bool
    hint: str
    long: bool
    groups: Sequence[Group]
    options: Sequence[Entry]


class CustomerList(Page):
    """Every customer the person sees, narrowed to what they ask for."""

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the page, or for a change of filters the results alone."""
        query = read_query(request.user, request.GET.dict())
        # Ids first: the names beside them are then looked up for one page, not for all before it.
        page = Paginator(query.found().values_list("pk", flat=True), PER_PAGE).get_page(
            request.GET.get("page")
        )
        context: dict[str, Any] = {
            "query": query,
            "page": page,
            "customers": query.rows(list(page)),
            "headers": _headers(query),
            "filters": [_menu(query, each) for each in query.filters],
            "chips": _chips(query),
            "may_create": request.user.may(Permission.CUSTOMER_EDIT),
            "sort": query.parameters().get("sort", ""),
        }
        alone = request.htmx.target == RESULTS and not request.htmx.history_restore_request
        template = "crm/_customer_results.html" if alone else "crm/customer_list.html"
        response = render(request, template, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        if request.htmx:
            number = str(page.number) if page.number > 1 else ""
            response["HX-Push-Url"] = _url(query.parameters(page=number))
        return response


def _headers(query: ListQuery) -> list[Header]:
    own = [_header(query, key, label) for key, label in HEADERS]
    added = [
        _header(query, column.key, column.label, numeric=column.numeric) for column in query.columns
    ]
    return [*own, *added, *(_header(query, key, label) for key, label in LAST_HEADERS)]


def _header(query: ListQuery, key: str, label: str | Promise, *, numeric: bool = False) -> Header:
    current = query.sort == key
    turned = current and not query.descending
    direction = ("descending" if query.descending else "ascending") if current else ""
    url = _url(query.parameters(sort=f"-{key}" if turned else key))
    return Header(label=label, url=url, direction=direction, numeric=numeric)


def _menu(query: ListQuery, shown: Filter) -> Menu:
    options = [option for group in shown.groups for option in group.options]
    long = len(options) > MAX_MENU_LINKS or len(shown.groups) > 1
    return Menu(
        key=shown.key,
        label=shown.label,
        value=shown.value,
        chosen=shown.chosen is not None,
        hint=shown.hint,
        long=long,
        groups=shown.groups if long else (),
        options=() if long else [_entry(query, shown, option) for option in options],
    )


def _entry(query: ListQuery, shown: Filter, option: Option) -> Entry:
    chosen = option.value == shown.value
    url = _url(query.parameters(**{shown.key: "" if chosen else option.value}))
    return Entry(option.label, url, chosen)


def _chips(query: ListQuery) -> list[Chip]:
    chips = [
        Chip(each.label, each.chosen.label, _url(query.parameters(**{each.key: ""})))
        for each in query.active
        if each.chosen is not None
    ]
    if query.words:
        chips.insert(0, Chip(_("Search"), query.words, _url(query.parameters(q=""))))
    return chips


def _url(parameters: Mapping[str, str]) -> str:
    address = reverse("customers")
    return f"{address}?{urlencode(parameters)}" if parameters else address
