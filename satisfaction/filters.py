"""The search, filters and order of the complaint list, read from the parameters of the URL.

A value that is unknown, or names a record the user may not see, is treated as not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from crm.models import Customer
from satisfaction.models.complaint import ComplaintQuerySet, State
from satisfaction.selectors import complaints_with_names, visible_customer

MAX_SEARCH_LENGTH = 100


class ComplaintTab(TextChoices):
    """The list's tabs. Those of a single state have the state's value."""

    OPEN = "open", pgettext_lazy("complaint", "Open")
    REOPENED = "reopened", _("Reopened")
    CLOSED = "closed", _("Closed")
    ALL = "all", _("All")


# Sort key in the URL → ordering. A leading "-" in the URL reverses the ordering.
SORTS = {
    "received": ("opened_at", "pk"),
    "customer": ("customer__name", "-opened_at", "-pk"),
    "owner": ("owner__name", "-opened_at", "-pk"),
}
DEFAULT_SORT = "-received"


@dataclass(frozen=True)
class ComplaintQuery:
    """What the list shows: search terms, tab, filters, and order (``-`` in front: descending)."""

    user: User
    search_terms: str
    tab: ComplaintTab
    mine: bool
    customer: Customer | None
    sort: str

    def complaints(self) -> ComplaintQuerySet:
        """Return the matching complaints among those the user may see, in order."""
        complaints = complaints_with_names(self.user).search(self.search_terms)
        if self.tab == ComplaintTab.OPEN:
            complaints = complaints.open()
        elif self.tab != ComplaintTab.ALL:
            complaints = complaints.filter(state=State(self.tab.value))
        if self.customer:
            complaints = complaints.filter(customer=self.customer)
        if self.mine:
            complaints = complaints.filter(owner=self.user)
        ordered = complaints.order_by(*SORTS[self.sort.removeprefix("-")])
        return ordered.reverse() if self.sort.startswith("-") else ordered

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return this query, with ``changes``, as URL parameters; defaults are left out."""
        parameters = {
            "q": self.search_terms,
            "state": self.tab.value if self.tab != ComplaintTab.OPEN else "",
            "customer": str(self.customer.pk) if self.customer else "",
            "mine": "1" if self.mine else "",
            "sort": self.sort if self.sort != DEFAULT_SORT else "",
        }
        return {key: value for key, value in (parameters | changes).items() if value}


def read_query(user: User, parameters: Mapping[str, str]) -> ComplaintQuery:
    """Return the query that the URL's parameters describe."""
    tab, sort = parameters.get("state", ""), parameters.get("sort", "")
    search_terms = " ".join(parameters.get("q", "").replace("\0", " ").split())
    return ComplaintQuery(
        user=user,
        search_terms=search_terms[:MAX_SEARCH_LENGTH],
        tab=ComplaintTab(tab) if tab in ComplaintTab.values else ComplaintTab.OPEN,
        mine=parameters.get("mine") == "1",
        customer=visible_customer(user, parameters.get("customer", "")),
        sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
    )
