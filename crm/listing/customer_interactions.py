"""What interactions add to the list of customers: a column, a filter and a relation."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Permission
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from core.listing.declarations import ListColumn, ListPart, Relation
from core.listing.field_filters import field_filter
from core.listing.filters import Comparison, ListFilter, option_group
from core.listing.periods import MAX_PERIOD_DAYS
from crm.fields import INTERACTION
from crm.selectors.interactions import (
    interactions_of_outer_customer,
    interactions_of_seen_customers,
    last_interaction_at,
)

OFFERED_DAYS = (7, 14, 30, 60, 90, 180)


def _parse_days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MAX_PERIOD_DAYS):
        raise UnreadableError(ValueFault.OUT_OF_RANGE)
    return int(text)


def _days_label(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def _is_silent(_user: User, values: Sequence[int]) -> Q:
    """Return the condition for customers whom nobody has contacted in the last days."""
    since = timezone.now() - timedelta(days=values[0])
    return ~Q(Exists(interactions_of_outer_customer().filter(occurred_at__gte=since)))


def _last_interaction_text(customer: Any, _user: User) -> str:
    at = customer.last_interaction_at
    return "" if at is None else date_format(timezone.localtime(at), "Y-m-d H:i")


def _relation_filters(user: User) -> list[ListFilter]:
    return [
        field_filter(field)
        for field in INTERACTION.fields
        if field.in_filters and field.name != "customer" and field.may_be_seen_by(user)
    ]


class InteractionsOfCustomers(ListPart):
    """When each customer was last contacted, and who was not contacted for some days.

    The relation asks for interactions: ``where=has.interactions(channel=visit)``.
    """

    slug = "interactions"
    permission: ClassVar[Permission] = Permission.INTERACTION_VIEW
    columns = (
        ListColumn(
            key="last_interaction",
            label=_("Last interaction"),
            text_of=_last_interaction_text,
            template="crm/columns/last_interaction.html",
        ),
    )
    filters = (
        ListFilter(
            key="no_interaction",
            label=_("No interaction for"),
            comparisons=[Comparison("", _parse_days, _is_silent, format=_days_label)],
            option_groups=lambda _user: [
                option_group((str(days), _days_label(days)) for days in OFFERED_DAYS)
            ],
        ),
    )
    relations = (
        Relation(
            key="interactions",
            label=_("Interactions"),
            rows=interactions_of_seen_customers,
            path="customer",
            filters=_relation_filters,
        ),
    )

    def annotate(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Add the time of each customer's last interaction; None if there is none."""
        annotated: QuerySet[Any] = rows.annotate(last_interaction_at=last_interaction_at())
        return annotated
