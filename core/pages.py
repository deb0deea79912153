"""The base of every page: who may see it and who may write through it."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic import View
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.permissions import Permission

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AuthedRequest(HttpRequest):
    """A request of a user who has signed in."""

    user: User
    htmx: HtmxDetails


class Page(AccessMixin, View):
    """A page for users with a permission; anonymous users are asked to sign in, others get 403.

    ``permission`` is what reading takes (None: being signed in). ``write_permission`` is what every
    method but GET, HEAD and OPTIONS takes, where that is more.
    """

    request: AuthedRequest
    permission: ClassVar[Permission | None]
    write_permission: ClassVar[Permission | None] = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the user and the permission, then handle the request."""
        if not isinstance(request.user, User):
            # Only a whole page may be replaced by the login page; a fragment gets a bare 401.
            if getattr(request, "htmx", False):
                return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
            return self.handle_no_permission()
        required = self.permission
        if request.method not in SAFE_METHODS and self.write_permission is not None:
            required = self.write_permission
        if required is not None and not request.user.may(required):
            raise PermissionDenied(required.value)
        return super().dispatch(request, *args, **kwargs)
