"""The page of the customer list."""

from typing import Any, ClassVar

from accounts.permissions import Permission
from core.listing.page import ListPage, ShownList
from core.pages import AuthedRequest
from crm.listing import CUSTOMER_LIST


class CustomerList(ListPage):
    """The customers the user sees, filtered and sorted."""

    permission = CUSTOMER_LIST.permission
    declaration = CUSTOMER_LIST
    template_name: ClassVar[str] = "crm/customer_list.html"
    empty_template_name: ClassVar[str] = "crm/_no_customers.html"

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Return whether the user may create customers."""
        return {"may_create": request.user.may(Permission.CUSTOMER_EDIT)}
