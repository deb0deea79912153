"""What stands around every page: the rail's entries, as far as the person may use them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission


@dataclass(frozen=True)
class Entry:
    """One entry of the rail. ``section`` is the first part of the paths that belong to it."""

    label: Promise
    url_name: str
    section: str
    icon: str
    permission: Permission | None = None


RAIL = (
    Entry(_("Today"), "home", "", "home"),
    Entry(_("Customers"), "customers", "customers", "building", Permission.CUSTOMER_VIEW),
    Entry(_("Complaints"), "complaints", "complaints", "message-report", Permission.COMPLAINT_VIEW),
    Entry(_("Worth & risk"), "segments", "segments", "chart-dots", Permission.SCORE_VIEW),
    Entry(_("Scoring runs"), "runs", "runs", "moon-stars", Permission.RUN_VIEW),
    Entry(_("Administration"), "admin:index", "admin", "settings", Permission.ADMIN_ENTER),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return ``rail`` (what this person may use), ``section`` (where they are), ``may_search``."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"rail": (), "section": "", "may_search": False}
    return {
        "rail": [entry for entry in RAIL if entry.permission is None or user.may(entry.permission)],
        "section": request.path_info.strip("/").split("/", 1)[0],
        "may_search": user.may(Permission.CUSTOMER_VIEW),
    }
