"""The complaint list: tabs by state, search, one's own, sorting, pages."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page as Numbered
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from satisfaction.filters import ComplaintQuery, Show, read_query
from satisfaction.models import Complaint

PER_PAGE = 50
HEADERS = (
    ("", _("Complaint")),
    ("customer", _("Customer")),
    ("", _("State")),
    ("owner", _("Looked after by")),
    ("received", _("Received at")),
)


@dataclass(frozen=True)
class Tab:
    """One of the list's tabs."""

    label: str | Promise
    url: str
    current: bool


@dataclass(frozen=True)
class Header:
    """A column's head; one with ``url`` sorts by the column, pressed again the other way round."""

    label: str | Promise
    url: str = ""
    direction: str = ""  # as aria-sort has it


class ComplaintList(Page):
    """The complaints the person sees, the open ones first of all."""

    permission = Permission.COMPLAINT_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show one page of what was asked for."""
        query = read_query(request.user, request.GET.dict())
        paginator = Paginator(query.found(), PER_PAGE)
        page: Numbered[Complaint] = paginator.get_page(request.GET.get("page"))
        context = {
            "query": query,
            "page": page,
            "kept": query.parameters(q="").items(),
            "tabs": _tabs(query),
            "headers": [_header(query, key, label) for key, label in HEADERS],
            "mine_url": _url(query, mine="" if query.mine else "1"),
            "every_customer_url": _url(query, customer=""),
            "everywhere_url": _url(query, state=Show.ALL.value, customer="", mine=""),
            "clear_url": _url(query, q="", customer="", mine=""),
            "is_narrowed": bool(query.words or query.mine or query.customer),
            "may_work": request.user.may(Permission.COMPLAINT_WORK),
        }
        return render(request, "satisfaction/complaint_list.html", context)


def _tabs(query: ComplaintQuery) -> list[Tab]:
    return [
        Tab(
            label=show.label,
            url=_url(query, state=show.value if show != Show.OPEN else ""),
            current=query.show == show,
        )
        for show in Show
    ]


def _header(query: ComplaintQuery, key: str, label: str | Promise) -> Header:
    if not key:
        return Header(label)
    if query.sort == key:
        return Header(label, _url(query, sort=f"-{key}"), "ascending")
    if query.sort == f"-{key}":
        return Header(label, _url(query, sort=key), "descending")
    return Header(label, _url(query, sort=key))


def _url(query: ComplaintQuery, **changes: str) -> str:
    parameters = query.parameters(**changes)
    address = reverse("complaints")
    return f"{address}?{urlencode(parameters)}" if parameters else address
