"""What this app adds to the customer page and to the home page."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.composition import HomeWidget
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.models import Customer
from satisfaction.selectors import latest_of_customer, longest_open

ON_CUSTOMER_PAGE = 5
ON_HOME_PAGE = 8


class Complaints(CustomerPanel):
    """A customer's complaints: the open ones first, and the way to open another."""

    slug = "complaints"
    title = _("Complaints")
    template = "satisfaction/panels/complaints.html"
    permission = Permission.COMPLAINT_VIEW
    query_budget = 1

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the latest complaints; one more than shown is asked for, to know there are."""
        found = latest_of_customer(request.user, customer, limit=ON_CUSTOMER_PAGE + 1)
        return {
            "customer": customer,
            "complaints": found[:ON_CUSTOMER_PAGE],
            "has_more": len(found) > ON_CUSTOMER_PAGE,
            "may_work": request.user.may(Permission.COMPLAINT_WORK),
        }


class OpenComplaints(HomeWidget):
    """The open complaints one sees, those that wait longest first."""

    slug = "open-complaints"
    title = _("Open complaints")
    template = "satisfaction/panels/open_complaints.html"
    permission = Permission.COMPLAINT_VIEW
    query_budget = 1
    wide = True

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return the oldest; one more than shown is asked for, to know there are."""
        found = longest_open(request.user, limit=ON_HOME_PAGE + 1)
        return {"complaints": found[:ON_HOME_PAGE], "has_more": len(found) > ON_HOME_PAGE}
