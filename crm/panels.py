"""Panels of the customer page and widgets of the home page that this app provides."""

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
from core.selectors import files_panel
from crm.composition import CustomerPanel
from crm.fields import CUSTOMER
from crm.files import CUSTOMER_FILES
from crm.forms import InteractionForm
from crm.models import Customer
from crm.selectors.interactions import latest_interactions
from crm.selectors.portfolio import portfolio
from crm.selectors.revenue import Revenue, latest_transactions, revenue_of

FIELDS_SHOWN_ELSEWHERE = frozenset({"name", "code", "parent"})  # in the header and as a link
# Shown for a field without a value, where a blank would not say what that means.
EMPTY_VALUE_TEXTS: Mapping[str, str | Promise] = {
    "owner": _("Public pool"),
    "grade": _("Not graded"),
}
# How many of each a panel shows.
MAX_SUBSIDIARIES = 10
MAX_CHANGES = 5
MAX_TRANSACTIONS = 10
MAX_INTERACTIONS = 5


class Basics(CustomerPanel):
    """The fields, the parent group and subsidiaries, and the latest changes."""

    slug = "basics"
    title = _("Basics")
    template = "crm/panels/basics.html"
    permission: ClassVar[Permission] = Permission.CUSTOMER_VIEW
    query_budget = 10

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the fields and changes, and the subsidiaries and the parent if the user sees them.

        Fields are masked for users who may not see their values.
        """
        visible = Customer.objects.visible_to(request.user)
        fields = CUSTOMER.all_fields()
        subsidiaries = list(
            visible.filter(parent=customer).order_by("code")[: MAX_SUBSIDIARIES + 1]
        )
        return {
            "customer": customer,
            "parent": visible.filter(pk=customer.parent_id).first() if customer.parent_id else None,
            "subsidiaries": subsidiaries[:MAX_SUBSIDIARIES],
            "has_more_subsidiaries": len(subsidiaries) > MAX_SUBSIDIARIES,
            "facts": _facts(request.user, customer, fields),
            "changes": latest_changes(request.user, customer, limit=MAX_CHANGES, fields=fields),
        }


def _facts(
    user: User, customer: Customer, fields: Sequence[FieldDeclaration]
) -> list[tuple[str, str | Promise]]:
    """Return label and text of the fields that the customer's category has.

    Fields that the page shows elsewhere are left out.
    """
    category = CUSTOMER.category_of(customer)
    return [
        (field.list_label, field.text_of(customer, user) or EMPTY_VALUE_TEXTS.get(field.name, ""))
        for field in fields
        if field.name not in FIELDS_SHOWN_ELSEWHERE and field.applies_to(category)
    ]


class Files(CustomerPanel):
    """The files of the customer, and the form that adds one."""

    slug = "files"
    title = _("Files")
    template = "core/files/panel.html"
    permission: ClassVar[Permission] = CUSTOMER_FILES.view_permission
    query_budget = 1

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the files."""
        return files_panel(request.user, CUSTOMER_FILES, customer.pk)


class Interactions(CustomerPanel):
    """The latest interactions, and a form to log another."""

    slug = "interactions"
    title = _("Interactions")
    template = "crm/panels/interactions.html"
    permission: ClassVar[Permission] = Permission.INTERACTION_VIEW
    query_budget = 4
    wide = True

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the latest interactions and an empty form, None if the user may not log any.

        The page answers a form with errors with this panel: ``crm.views.interaction``.
        """
        may_log = request.user.may(Permission.INTERACTION_LOG)
        interactions = latest_interactions(customer, limit=MAX_INTERACTIONS + 1)
        return {
            "customer": customer,
            "form": InteractionForm(request.user, customer=customer) if may_log else None,
            "interactions": interactions[:MAX_INTERACTIONS],
            "has_more": len(interactions) > MAX_INTERACTIONS,
        }


class Transactions(CustomerPanel):
    """Revenue by month, the last 12 months against the 12 before, and the latest transactions."""

    slug = "transactions"
    title = _("Transactions")
    template = "crm/panels/transactions.html"
    permission: ClassVar[Permission] = Permission.TRANSACTION_VIEW
    query_budget = 4
    wide = True

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the revenue and the latest transactions.

        For a customer without transactions the context is only ``{"revenue": None}``.
        """
        revenue = revenue_of(customer, today=timezone.localdate())
        if revenue is None:
            return {"revenue": None}
        return {
            "revenue": revenue,
            "chart_title": _("How much did they pay each month?"),
            "chart_options": _revenue_chart(revenue),
            "latest_transactions": latest_transactions(customer, limit=MAX_TRANSACTIONS),
            "currency": settings.CURRENCY,
        }


def _revenue_chart(revenue: Revenue) -> dict[str, Any]:
    """Return the ECharts options: net revenue as bars, refunds as negative bars.

    ``table`` has the same data for the table that can replace the chart. Texts such as ``@money``
    name formats and colours of static/js/charts.js.
    """
    headers = [_("Month"), _("Net revenue"), _("Refunds")]
    rows = [(f"{month.first_day:%Y-%m}", month.net, month.refunds) for month in revenue.months]
    points = [[name, float(net), float(refunds)] for name, net, refunds in rows]
    return {
        "dataset": {"source": [headers, *points]},
        "table": {
            "head": headers,
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
    """The customers in numbers.

    They are all customers that the user sees; for a user whose access level is ``own``, only those
    that the user owns, without the public pool.
    """

    slug = "portfolio"
    title = _("Customers in numbers")
    template = "crm/widgets/portfolio.html"
    permission: ClassVar[Permission] = Permission.CUSTOMER_VIEW
    query_budget = 2

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return the numbers of the user."""
        return {"portfolio": portfolio(request.user)}
