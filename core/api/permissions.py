"""What calling an API resource takes. A view names it; one that names nothing answers nobody."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import User


class SignedIn(BasePermission):
    """Everyone with an account."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Tell whether the caller is known."""
        return isinstance(request.user, User)


class RolePermission(BasePermission):
    """Reading takes the view's ``permission``, writing its ``write_permission``."""

    message = _("Not allowed for your role")

    def has_permission(self, request: Request, view: object) -> bool:
        """Tell whether the caller's role holds what this method takes.

        Whether a resource has a method at all is its own to say (405), to everyone who may read.
        """
        reading = request.method in SAFE_METHODS or not _has(view, request.method)
        wanted = getattr(view, "permission" if reading else "write_permission", None)
        return isinstance(request.user, User) and wanted is not None and request.user.may(wanted)


def _has(view: object, method: str | None) -> bool:
    return method is not None and hasattr(view, method.lower())
