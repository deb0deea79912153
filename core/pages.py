"""The base class of all pages: it checks the user and the permission."""

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
    """The request in a view that only signed-in users reach."""

    user: User
    htmx: HtmxDetails  # true if htmx requests a fragment of a page


class Page(AccessMixin, View):
    """A page that needs a permission; without it the answer is 403, without a user the login page.

    ``permission`` is needed to read (None: every signed-in user may). ``write_permission``, where
    it is given, is needed for every method other than GET, HEAD and OPTIONS.
    """

    request: AuthedRequest
    permission: ClassVar[Permission | None]
    write_permission: ClassVar[Permission | None] = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the user and the permission, then handle the request."""
        if not isinstance(request.user, User):
            # A fragment answers 401: the login page must not be inserted into the middle of a page.
            if getattr(request, "htmx", False):
                return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
            return self.handle_no_permission()
        required = self.permission
        if request.method not in SAFE_METHODS and self.write_permission is not None:
            required = self.write_permission
        if required is not None and not request.user.may(required):
            raise PermissionDenied(required.value)
        return super().dispatch(request, *args, **kwargs)
