"""The page of the complaint list."""

from typing import Any, ClassVar

from accounts.permissions import Permission
from core.listing.page import ListPage, ShownList
from core.listing.query import ListQuery
from core.pages import AuthedRequest
from satisfaction.listing import COMPLAINT_LIST

ALL_TAB = COMPLAINT_LIST.tabs[-1]


class ComplaintList(ListPage):
    """The complaints the user may see; the open ones until another tab is selected."""

    permission = COMPLAINT_LIST.permission
    declaration = COMPLAINT_LIST
    template_name: ClassVar[str] = "satisfaction/complaint_list.html"
    empty_template_name: ClassVar[str] = "satisfaction/_no_complaints.html"

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Return what the user may do, and the address of the same search in all complaints."""
        without_filters = ListQuery(search=shown.query.search)
        return {
            "may_work": request.user.may(Permission.COMPLAINT_WORK),
            "search_all_url": shown.url(without_filters, tab=ALL_TAB),
            "is_all": shown.tabs.current == ALL_TAB and not shown.query.conditions,
        }
