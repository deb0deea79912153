"""Permissions of API views. RolePermission is the default: a view must name its permission."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import User


class SignedIn(BasePermission):
    """Allows every user with a key or a session."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Return whether there is a user, by key or session."""
        return isinstance(request.user, User)


class RolePermission(BasePermission):
    """Requires the view's ``permission`` for reading, its ``write_permission`` for writing.

    A view that lacks the attribute is forbidden to everyone.
    """

    message = _("Not allowed for your role")

    def has_permission(self, request: Request, view: object) -> bool:
        """Return whether the user holds the permission that the method needs.

        For a method the view does not implement, ``permission`` is enough: users who may read get
        405 from the view.
        """
        is_write = request.method not in SAFE_METHODS and _implements(view, request.method)
        required = getattr(view, "write_permission" if is_write else "permission", None)
        if required is None or not isinstance(request.user, User):
            return False
        return request.user.may(required)


def _implements(view: object, method: str | None) -> bool:
    return method is not None and hasattr(view, method.lower())
