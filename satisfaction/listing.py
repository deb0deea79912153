"""The list of complaints, and what complaints add to the list of customers."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from core.fields.kinds import Choice
from core.fields.reference import Reference
from core.listing.comparisons import Column, choice_comparisons, time_comparisons
from core.listing.conditions import Condition
from core.listing.declarations import (
    ListColumn,
    ListDeclaration,
    ListPart,
    ListTab,
    Relation,
    Sort,
    fixed_columns,
)
from core.listing.field_filters import reference_filter
from core.listing.filters import ListFilter, option_group
from crm.fields import CUSTOMER_REFERENCE
from satisfaction.models import Complaint
from satisfaction.models.complaint import ComplaintQuerySet, State

OWNER = Reference(
    records=User.objects.visible_to,
    key="employee_number",
    lookup="employee_number__iexact",
    empty_label="",
    searched_columns=("name", "employee_number"),
    mine=lambda user: user,
)
COLUMNS = (
    ListColumn(
        key="number",
        label=_("Complaint"),
        text_of=lambda complaint, _user: complaint.number,
        template="satisfaction/columns/complaint.html",
        css_class="name wrap",
    ),
    ListColumn(
        key="customer",
        label=_("Customer"),
        text_of=lambda complaint, _user: complaint.customer.name,
        sort=Sort(("customer__name",)),
        css_class="full wrap",
    ),
    ListColumn(
        key="state",
        label=_("State"),
        text_of=lambda complaint, _user: str(State(complaint.state).label),
        template="satisfaction/columns/state.html",
    ),
    ListColumn(
        key="owner",
        label=_("Looked after by"),
        text_of=lambda complaint, _user: complaint.owner.name,
        sort=Sort(("owner__name",)),
    ),
    ListColumn(
        key="opened_at",
        label=_("Received at"),
        text_of=lambda complaint, _user: date_format(localtime(complaint.opened_at), "Y-m-d H:i"),
        template="satisfaction/columns/opened_at.html",
        sort=Sort(("opened_at",)),
        value_of=lambda complaint, _user: complaint.opened_at,
    ),
    ListColumn(
        key="updated_at",
        label=_("Changed"),
        text_of=lambda complaint, _user: date_format(localtime(complaint.updated_at), "Y-m-d H:i"),
        template="satisfaction/columns/updated_at.html",
        sort=Sort(("updated_at",)),
        css_class="phone-skip",
        value_of=lambda complaint, _user: complaint.updated_at,
    ),
)
STATE_FILTER = ListFilter(
    key="state",
    label=_("State"),
    comparisons=choice_comparisons(
        Column("state", Choice(lambda: State.choices)), may_be_empty=False
    ),
    option_groups=lambda _user: [option_group(State.choices)],
)
OPENED_AT_FILTER = ListFilter(
    key="opened_at", label=_("Received at"), comparisons=time_comparisons("opened_at")
)
UPDATED_AT_FILTER = ListFilter(
    key="updated_at",
    label=_("Changed"),
    comparisons=time_comparisons("updated_at"),
    is_on_demand=True,
)
FILTERS = (
    STATE_FILTER,
    reference_filter("customer", _("Customer"), "customer", CUSTOMER_REFERENCE),
    reference_filter("owner", _("Looked after by"), "owner", OWNER),
    OPENED_AT_FILTER,
    UPDATED_AT_FILTER,
)


def _visible_complaints(user: User) -> QuerySet[Any]:
    return Complaint.objects.visible_to(user)


def _search(complaints: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not isinstance(complaints, ComplaintQuerySet):
        raise TypeError(complaints)
    return complaints.search(text)


COMPLAINT_LIST = ListDeclaration(
    name="complaints",
    url_name="complaints",
    title=_("Complaints"),
    search_hint=_("Number, customer or summary"),
    permission=Permission.COMPLAINT_VIEW,
    rows=_visible_complaints,
    search=_search,
    columns=fixed_columns(*COLUMNS),
    filters=lambda _fields: FILTERS,
    default_sort="-opened_at",
    tabs=(
        ListTab(
            "open",
            pgettext_lazy("complaint", "Open"),
            (Condition("state__not", (State.CLOSED.value,)),),
        ),
        ListTab("reopened", _("Reopened"), (Condition("state", (State.REOPENED.value,)),)),
        ListTab("closed", _("Closed"), (Condition("state", (State.CLOSED.value,)),)),
        ListTab("all", _("All")),
    ),
    related=("customer", "owner"),
)


class ComplaintsOfCustomers(ListPart):
    """Lets the list of customers ask for complaints: ``where=has.complaints(state=received)``."""

    slug = "complaints"
    permission: ClassVar[Permission] = Permission.COMPLAINT_VIEW
    relations = (
        Relation(
            key="complaints",
            label=_("Complaints"),
            rows=_visible_complaints,
            path="customer",
            filters=lambda _user: (STATE_FILTER, OPENED_AT_FILTER),
        ),
    )

    def annotate(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows as they are: there is no column."""
        return rows
