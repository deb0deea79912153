"""Signing in with allauth: no signing up, safe redirects, limited failed attempts.

``settings.ACCOUNT_ADAPTER`` and ``settings.AUTHENTICATION_BACKENDS`` name these classes. The limits
are in ``settings.ACCOUNT_RATE_LIMITS``.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend as BaseAuthenticationBackend
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Forbids signing up, checks redirects, and counts failed attempts by account."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The employee number or the password is wrong."),
        # The five minutes are those of ACCOUNT_RATE_LIMITS["login_failed"].
        "too_many_login_attempts": _("Too many failed tries. Wait five minutes, then try again."),
        "enter_current_password": _("This is not the current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: only administrators create accounts."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Tell whether a redirect may lead to ``url``; False for a malformed one.

        The library raises ValueError for ``http://[``, which would answer 500.
        """
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return the employee number, by which failed attempts are counted.

        The library's key contains the host too. A client can send another host each time, and would
        never reach the limit. The library has no public hook for this.
        """
        return str(credentials.get("username", "")).lower()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return to the profile, where the password change began."""
        return reverse("profile")


class AuthenticationBackend(BaseAuthenticationBackend):
    """Loads the signed-in user with unit and role, which every request needs, in one query."""

    def get_user(self, user_id: int) -> User | None:
        """Return the user of a session; None when the user is inactive or does not exist."""
        return (
            User.objects.select_related("unit", "role").filter(pk=user_id, is_active=True).first()
        )
