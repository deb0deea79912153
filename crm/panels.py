"""What the customer's file itself shows on the customer page and on the home page."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.composition import HomeWidget
from core.fields.declarations import FieldDeclaration
from core.history import latest_changes
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.selectors.portfolio import portfolio
from crm.selectors.revenue import Revenue, latest_transactions, revenue_of

SHOWN_ELSEWHERE = frozenset({"name", "code", "parent"})
NO_VALUE_TEXTS: Mapping[str, str | Promise] = {
    "owner": _("Public pool"),
    "grade": _("Not graded"),
}
SUBSIDIARIES_SHOWN = 10
CHANGES_SHOWN = 5
TRANSACTIONS_SHOWN = 10


class Basics(CustomerPanel):
    """The fields, the group around the customer, and what was changed last by whom."""

    slug = "basics"
    title = _("Basics")
    template = "crm/panels/basics.html"
    permission: ClassVar[Permission] = Permission.CUSTOMER_VIEW
    query_budget = 8

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Name only the subsidiaries and the group the person sees."""
        visible = Customer.objects.visible_to(request.user)
        fields = CUSTOMER.all_fields()
        below = list(visible.filter(parent=customer).order_by("code")[: SUBSIDIARIES_SHOWN + 1])
        return {
            "customer": customer,
            "parent": visible.filter(pk=customer.parent_id).first() if customer.parent_id else None,
            "subsidiaries": below[:SUBSIDIARIES_SHOWN],
            "more_subsidiaries": len(below) > SUBSIDIARIES_SHOWN,
            "facts": _facts(request.user, customer, fields),
            "changes": latest_changes(request.user, customer, limit=CHANGES_SHOWN, fields=fields),
        }


def _facts(
    user: User, customer: Customer, fields: Sequence[FieldDeclaration]
) -> list[tuple[str, str | Promise]]:
    """Return label and text of every field that the page's header and links do not show."""
    category = CUSTOMER.category_of(customer)
    return [
        (field.list_label, field.text_of(customer, user) or NO_VALUE_TEXTS.get(field.name, ""))
        for field in fields
        if field.name not in SHOWN_ELSEWHERE and field.applies_to(category)
    ]


class Transactions(CustomerPanel):
    """Revenue month by month, the year against the one before, and the latest transactions."""

    slug = "transactions"
    title = _("Transactions")
    template = "crm/panels/transactions.html"
    permission: ClassVar[Permission] = Permission.TRANSACTION_VIEW
    query_budget = 4
    wide = True

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Sum up by the covering index alone; read ten rows from the heap."""
        revenue = revenue_of(customer, today=timezone.localdate())
        if revenue is None:
            return {"revenue": None}
        return {
            "revenue": revenue,
            "question": _("How much did they pay each month?"),
            "option": _month_chart(revenue),
            "latest": latest_transactions(customer, limit=TRANSACTIONS_SHOWN),
            "currency": settings.CURRENCY,
        }


def _month_chart(revenue: Revenue) -> dict[str, Any]:
    """Draw net revenue as bars, and the refunds already taken off it below the line."""
    head = [_("Month"), _("Net revenue"), _("Refunds")]
    rows = [(f"{each.first:%Y-%m}", each.net, each.refunds) for each in revenue.months]
    points = [[name, float(net), float(refunds)] for name, net, refunds in rows]
    return {
        "dataset": {"source": [head, *points]},
        "table": {
            "head": head,
            "rows": [
                [name, number_format(net, 2), number_format(refunds, 2)]
                for name, net, refunds in rows
            ],
        },
        "legend": {},
        "xAxis": {"type": "category"},
        "yAxis": {"axisLabel": {"formatter": "@compact"}},
        "tooltip": {"trigger": "axis", "valueFormatter": "@money"},
        "series": [
            {"type": "bar", "stack": "month", "itemStyle": {"color": "@series-1"}},
            {"type": "bar", "stack": "month", "itemStyle": {"color": "@bad"}},
        ],
    }


class Portfolio(HomeWidget):
    """My customers in numbers; for a head, the unit's."""

    slug = "portfolio"
    title = _("Customers in numbers")
    template = "crm/widgets/portfolio.html"
    permission: ClassVar[Permission] = Permission.CUSTOMER_VIEW
    query_budget = 2

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Count and sum up what the person looks after."""
        return {"portfolio": portfolio(request.user)}
