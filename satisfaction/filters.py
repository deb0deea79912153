"""The search, filters and order of the complaint list, read from the parameters of the URL.

The parameters are ``q`` (search terms), ``state`` (the tab), ``customer`` (an id), ``mine`` (1) and
``sort``, as in ``/complaints/?state=all&sort=-customer``. The view reads ``page`` itself. A value
that is unknown, or names a record the user may not see, is treated as not given.
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
    """The tabs of the list. The value is that of the URL parameter ``state``.

    A tab for a single state has the value of this ``State``; *open* is every state but closed.
    """

    OPEN = "open", pgettext_lazy("complaint", "Open")
    REOPENED = "reopened", _("Reopened")
    CLOSED = "closed", _("Closed")
    ALL = "all", _("All")


# Sort key in the URL → fields for ``order_by``. A "-" before the key reverses the whole order.
SORTS = {
    "received": ("opened_at", "pk"),
    "customer": ("customer__name", "-opened_at", "-pk"),
    "owner": ("owner__name", "-opened_at", "-pk"),
}
DEFAULT_SORT = "-received"


@dataclass(frozen=True)
class ComplaintQuery:
    """What a user wants the list to show."""

    user: User
    search_terms: str  # separated by single spaces
    tab: ComplaintTab
    mine: bool  # only complaints whose owner is the user
    customer: Customer | None  # only complaints of this customer
    sort: str  # a key of SORTS, or "-" and a key for the reverse order

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
        """Return the URL parameters of this query, with ``changes`` applied to them.

        Defaults are left out. A change to an empty text removes a parameter: ``mine=""`` describes
        the list without the restriction to the user's own complaints. A page is not among them, so
        a changed list is shown from its first page.
        """
        parameters = {
            "q": self.search_terms,
            "state": self.tab.value if self.tab != ComplaintTab.OPEN else "",
            "customer": str(self.customer.pk) if self.customer else "",
            "mine": "1" if self.mine else "",
            "sort": self.sort if self.sort != DEFAULT_SORT else "",
        }
        return {key: value for key, value in (parameters | changes).items() if value}


def read_query(user: User, parameters: Mapping[str, str]) -> ComplaintQuery:
    """Return the query that the parameters of a URL describe."""
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
