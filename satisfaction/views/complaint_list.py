"""The complaint list: tabs by state, search, filters, sorting, pages."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page as PaginatorPage
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from satisfaction.filters import ComplaintQuery, ComplaintTab, read_query
from satisfaction.models import Complaint

PER_PAGE = 50
# Sort key and label of each column. An empty key: the list cannot be sorted by the column.
HEADERS = (
    ("", _("Complaint")),
    ("customer", _("Customer")),
    ("", _("State")),
    ("owner", _("Looked after by")),
    ("received", _("Received at")),
)


@dataclass(frozen=True)
class Tab:
    """One of the list's tabs, with the URL that opens it."""

    label: str | Promise
    url: str
    is_current: bool


@dataclass(frozen=True)
class Header:
    """A column header."""

    label: str | Promise
    url: str = ""  # sorts by the column, or reverses its order; empty: cannot be sorted by
    direction: str = ""  # "ascending" or "descending" (aria-sort) if the list is sorted by it


class ComplaintList(Page):
    """The complaints the user may see; the open ones by default."""

    permission = Permission.COMPLAINT_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show one page of the complaints that match the URL's parameters."""
        query = read_query(request.user, request.GET.dict())
        paginator = Paginator(query.complaints(), PER_PAGE)
        page: PaginatorPage[Complaint] = paginator.get_page(request.GET.get("page"))
        context = {
            "query": query,
            "page": page,
            "hidden_fields": query.parameters(q="").items(),  # of the search form
            "tabs": _tabs(query),
            "headers": [_header(query, key, label) for key, label in HEADERS],
            "mine_url": _url(query, mine="" if query.mine else "1"),
            "all_customers_url": _url(query, customer=""),
            "search_all_url": _url(query, state=ComplaintTab.ALL.value, customer="", mine=""),
            "clear_url": _url(query, q="", customer="", mine=""),
            "is_filtered": bool(query.search_terms or query.mine or query.customer),
            "may_work": request.user.may(Permission.COMPLAINT_WORK),
        }
        return render(request, "satisfaction/complaint_list.html", context)


def _tabs(query: ComplaintQuery) -> list[Tab]:
    return [
        Tab(
            label=tab.label,
            url=_url(query, state=tab.value if tab != ComplaintTab.OPEN else ""),
            is_current=query.tab == tab,
        )
        for tab in ComplaintTab
    ]


def _header(query: ComplaintQuery, key: str, label: str | Promise) -> Header:
    """Return a column's header; a click on the current column reverses the order."""
    if not key:
        return Header(label)
    if query.sort == key:
        return Header(label, _url(query, sort=f"-{key}"), "ascending")
    if query.sort == f"-{key}":
        return Header(label, _url(query, sort=key), "descending")
    return Header(label, _url(query, sort=key))


def _url(query: ComplaintQuery, **changes: str) -> str:
    """Return the URL of the list with these changes to the URL parameters of the query."""
    parameters = query.parameters(**changes)
    url = reverse("complaints")
    return f"{url}?{urlencode(parameters)}" if parameters else url
