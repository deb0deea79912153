"""The frame of every page: the main menu, and the context processor for the templates.

An entry is shown to users whose role has its permission.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.notices.reading import unread_count_text
from core.selectors import own_active_jobs


@dataclass(frozen=True)
class NavigationEntry:
    """An entry of the main menu.

    ``section``: the first part of the paths whose pages belong to the entry, ``customers`` for
    ``/customers/7/edit/``. The entry is marked as current on them. Empty for the home page.
    ``icon``: the name of an SVG file in ``settings.ICON_DIR``, without ``.svg``.
    ``permission``: None if every user may open the page.
    """

    label: Promise
    url_name: str
    section: str
    icon: str
    permission: Permission | None = None


NAVIGATION = (
    NavigationEntry(_("Today"), "home", "", "home"),
    NavigationEntry(_("Customers"), "customers", "customers", "building", Permission.CUSTOMER_VIEW),
    NavigationEntry(
        _("Interactions"), "interactions", "interactions", "messages", Permission.INTERACTION_VIEW
    ),
    NavigationEntry(
        _("Complaints"), "complaints", "complaints", "message-report", Permission.COMPLAINT_VIEW
    ),
    NavigationEntry(_("Worth & risk"), "segments", "segments", "chart-dots", Permission.SCORE_VIEW),
    NavigationEntry(_("Imports"), "imports", "imports", "table-import", Permission.CUSTOMER_IMPORT),
    NavigationEntry(_("Scoring runs"), "runs", "runs", "moon-stars", Permission.RUN_VIEW),
    NavigationEntry(
        _("Administration"), "admin:index", "admin", "settings", Permission.ADMIN_ENTER
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of the main menu and the bell for templates.

    ``navigation_entries``: the entries that the user may open. ``section``: the first part of the
    path of this page. ``may_search``: whether the user may search customers. ``active_jobs``: the
    user's own jobs that have not ended. ``unread_notices``: how many notices the user has not read,
    blank for none.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {
            "navigation_entries": (),
            "section": "",
            "may_search": False,
            "active_jobs": (),
            "unread_notices": "",
        }
    return {
        "navigation_entries": [
            entry for entry in NAVIGATION if entry.permission is None or user.may(entry.permission)
        ],
        "section": request.path_info.strip("/").split("/", 1)[0],
        "may_search": user.may(Permission.CUSTOMER_VIEW),
        # Functions, so that only pages with the top bar run their queries.
        "active_jobs": partial(own_active_jobs, user),
        "unread_notices": partial(unread_count_text, user),
    }
