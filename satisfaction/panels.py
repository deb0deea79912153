"""The panel of complaints on the customer page, and the widget on the home page.

The settings ``CUSTOMER_PANELS`` and ``HOME_WIDGETS`` name them.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.composition import HomeWidget
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.models import Customer
from satisfaction.selectors import complaints_of_customer, oldest_open_complaints

MAX_ON_CUSTOMER_PAGE = 5
MAX_ON_HOME_PAGE = 8


class Complaints(CustomerPanel):
    """A customer's complaints, the open ones first, and a link to open another."""

    slug = "complaints"
    title = _("Complaints")
    template = "satisfaction/panels/complaints.html"
    permission = Permission.COMPLAINT_VIEW
    query_budget = 1

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the first complaints; one more than shown is fetched, for ``has_more``."""
        complaints = complaints_of_customer(request.user, customer, limit=MAX_ON_CUSTOMER_PAGE + 1)
        return {
            "customer": customer,
            "complaints": complaints[:MAX_ON_CUSTOMER_PAGE],
            "has_more": len(complaints) > MAX_ON_CUSTOMER_PAGE,
            "may_work": request.user.may(Permission.COMPLAINT_WORK),
        }


class OpenComplaints(HomeWidget):
    """The visible open complaints, oldest first."""

    slug = "open-complaints"
    title = _("Open complaints")
    template = "satisfaction/panels/open_complaints.html"
    permission = Permission.COMPLAINT_VIEW
    query_budget = 1
    wide = True

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return the oldest complaints; one more than shown is fetched, for ``has_more``."""
        complaints = oldest_open_complaints(request.user, limit=MAX_ON_HOME_PAGE + 1)
        return {
            "complaints": complaints[:MAX_ON_HOME_PAGE],
            "has_more": len(complaints) > MAX_ON_HOME_PAGE,
        }
