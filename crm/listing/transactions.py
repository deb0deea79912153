"""The list of transactions, for the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.fields.faults import ValueFault
from core.fields.kinds import Choice, Date, Text
from core.fields.reference import Reference
from core.listing.comparisons import (
    Column,
    choice_comparisons,
    date_comparisons,
    exact_comparisons,
)
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.listing.field_filters import reference_filter
from core.listing.filters import ListFilter
from crm.fields import CUSTOMER_REFERENCE
from crm.models import BillingSystem, Transaction
from crm.models.transaction import TransactionKind

BILLING_SYSTEM = Reference(
    records=lambda _user: BillingSystem.objects.all(), fault=ValueFault.NOT_IN_LIST
)


class _Kind(Choice):
    """The kind of a transaction: a word in the address, a number in the database."""

    def parse(self, text: str) -> Any:
        """Return the number; fault: not_in_list."""
        return TransactionKind[super().parse(text).upper()]

    def format(self, value: Any) -> str:
        """Return the label of the number."""
        return str(TransactionKind(value).label)


FILTERS = (
    reference_filter("customer", _("Customer"), "customer", CUSTOMER_REFERENCE),
    ListFilter("date", _("Date"), date_comparisons(Column("occurred_on", Date()))),
    ListFilter(
        "kind",
        _("Kind"),
        choice_comparisons(
            Column(
                "kind", _Kind(lambda: [(kind.name.lower(), kind.label) for kind in TransactionKind])
            ),
            may_be_empty=False,
        ),
    ),
    reference_filter("billing_system", _("billing system"), "billing_system", BILLING_SYSTEM),
    ListFilter("external_id", _("external id"), exact_comparisons(Column("external_id", Text()))),
)
# Tens of millions of rows can be sorted only in the order of their ids.
TRANSACTION_LIST = ListDeclaration(
    name="transactions",
    title=_("Transactions"),
    permission=Permission.TRANSACTION_VIEW,
    rows=Transaction.objects.visible_to,
    columns=fixed_columns(),
    filters=lambda _fields: FILTERS,
    sorts={"id": Sort()},
    default_sort="-id",
)
