"""How the complaint list is narrowed and sorted: what the address says, made sense of.

A value the person could not have chosen (unknown, or out of their scope) is treated as not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from crm.models import Customer
from satisfaction.models.complaint import ComplaintQuerySet, State
from satisfaction.selectors import complaints_with_names

MAX_CHARACTERS = 100


class Show(TextChoices):
    """The list's tabs."""

    OPEN = "open", pgettext_lazy("complaint", "Open")
    REOPENED = "reopened", _("Reopened")
    CLOSED = "closed", _("Closed")
    ALL = "all", _("All")


SORTS = {
    "received": ("opened_at", "pk"),
    "customer": ("customer__name", "-opened_at", "-pk"),
    "owner": ("owner__name", "-opened_at", "-pk"),
}
DEFAULT_SORT = "-received"


@dataclass(frozen=True)
class ComplaintQuery:
    """What was asked: words, a tab, one customer's, one's own alone, and the order."""

    user: User
    words: str
    show: Show
    mine: bool
    customer: Customer | None
    sort: str

    def found(self) -> ComplaintQuerySet:
        """Return the complaints asked for, among those the person sees."""
        complaints = complaints_with_names(self.user).search(self.words)
        if self.show == Show.OPEN:
            complaints = complaints.open()
        elif self.show != Show.ALL:
            complaints = complaints.filter(state=State(self.show.value))
        if self.customer:
            complaints = complaints.filter(customer=self.customer)
        if self.mine:
            complaints = complaints.filter(owner=self.user)
        ordered = complaints.order_by(*SORTS[self.sort.removeprefix("-")])
        return ordered.reverse() if self.sort.startswith("-") else ordered

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return what the address says of this query, with ``changes``; defaults are left out."""
        now = {
            "q": self.words,
            "state": self.show.value if self.show != Show.OPEN else "",
            "customer": str(self.customer.pk) if self.customer else "",
            "mine": "1" if self.mine else "",
            "sort": self.sort if self.sort != DEFAULT_SORT else "",
        }
        return {key: value for key, value in (now | changes).items() if value}


def read_query(user: User, given: Mapping[str, str]) -> ComplaintQuery:
    """Make sense of an address's parameters for the person asking."""
    show, sort = given.get("state", ""), given.get("sort", "")
    return ComplaintQuery(
        user=user,
        words=" ".join(given.get("q", "").replace("\0", " ").split())[:MAX_CHARACTERS],
        show=Show(show) if show in Show.values else Show.OPEN,
        mine=given.get("mine") == "1",
        customer=_customer(user, given.get("customer", "")),
        sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
    )


def _customer(user: User, asked: str) -> Customer | None:
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
        return None
    return Customer.objects.visible_to(user).filter(pk=int(asked)).first()
