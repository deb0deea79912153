"""What every page of every app shares about the person asking."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from django_htmx.middleware import HtmxDetails

from accounts import acting
from accounts.models import User
from accounts.permissions import Permission


class AuthedRequest(HttpRequest):
    """A request of a person who has signed in."""

    user: User
    htmx: HtmxDetails


class StaffMiddleware:
    """Mark the door, speak the person's language, and keep their pages out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or request.user.language
        with acting.through(_door(request.path_info)):
            response = self.get_response(request)
        if isinstance(request.user, User) and not response.has_header("Cache-Control"):
            # Going back after signing out must not show what stood there.
            response["Cache-Control"] = "private, no-store"
        return response


def _door(path: str) -> str:
    if path.startswith("/api/"):
        return acting.API
    return acting.ADMIN if path.startswith("/admin/") else acting.BROWSER


class Page(AccessMixin, View):
    """A page for those who may: strangers are asked to sign in, others get 403.

    ``permission`` is what seeing takes (None: being signed in), ``write_permission`` what posting
    takes, where that is more.
    """

    request: AuthedRequest
    permission: ClassVar[Permission | None]
    write_permission: ClassVar[Permission | None] = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the request through, or say why not."""
        if not isinstance(request.user, User):
            # Only a whole page may become the page to sign in; a part of one says what happened.
            if getattr(request, "htmx", False):
                return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
            return self.handle_no_permission()
        wanted = self.permission
        if request.method == "POST" and self.write_permission is not None:
            wanted = self.write_permission
        if wanted is not None and not request.user.may(wanted):
            raise PermissionDenied(wanted.value)
        return super().dispatch(request, *args, **kwargs)


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are opened by the administrator, never by signing up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The employee number or the password is wrong."),
        "too_many_login_attempts": _("Too many failed tries. Wait five minutes, then try again."),
        "enter_current_password": _("This is not the current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody opens an account for themselves."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Tell whether one may be led there; what is no address at all is not safe either."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count tries by account alone: the library's key has the host, whose port one may vary."""
        return str(credentials.get("username", "")).lower()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return to one's own page, where the change was begun."""
        return reverse("profile")


class StaffBackend(AuthenticationBackend):
    """Signing in, with throttling (allauth); unit and role come along in the same query."""

    def get_user(self, user_id: int) -> User | None:
        """Return the active user of a session, or None when they have left."""
        return (
            User.objects.select_related("unit", "role").filter(pk=user_id, is_active=True).first()
        )
