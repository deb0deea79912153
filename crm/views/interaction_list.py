"""The page of the list of interactions."""

from typing import Any, ClassVar

from accounts.permissions import Permission
from core.listing.page import ListPage, ShownList
from core.listing.query import ListQuery
from core.pages import AuthedRequest
from crm.listing import INTERACTION_LIST

ALL_TAB = INTERACTION_LIST.tabs[-1]


class InteractionList(ListPage):
    """The interactions the user may see; the user's own until another tab is selected."""

    permission = INTERACTION_LIST.permission
    declaration = INTERACTION_LIST
    template_name: ClassVar[str] = "crm/interaction_list.html"
    empty_template_name: ClassVar[str] = "crm/_no_interactions.html"

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Return whether the user may log, and the address of the same query in all of them."""
        return {
            "may_log": request.user.may(Permission.INTERACTION_LOG),
            "is_all": shown.tabs.current == ALL_TAB,
            "search_all_url": shown.url(ListQuery(search=shown.query.search), tab=ALL_TAB),
        }
