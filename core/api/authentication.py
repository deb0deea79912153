"""Who calls the API: another system with a key, or the product's own pages with a session."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiKey, User


class KeyAuthentication(TokenAuthentication):
    """``Authorization: Bearer <key>``. Keys are kept hashed and expire."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiKey]:
        """Return the key's user and the key; raise AuthenticationFailed.

        Found by its hash at once, unit and role included. Whatever is wrong with a key (no such
        key, expired, revoked, its user has left, no text at all) gets the same words.
        """
        key = None
        if token.isascii():
            key = (
                ApiKey.objects.select_related("user__role", "user__unit")
                .filter(digest=hash_token(token.decode("ascii")), expiry__gt=timezone.now())
                .filter(user__is_active=True)
                .first()
            )
        if key is None:
            raise AuthenticationFailed(_("This key is unknown, has expired or was revoked."))
        return key.user, key


class BrowserAuthentication(SessionAuthentication):
    """The session of somebody signed in; writing takes the CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        """Answer 401 and not 403 to strangers."""
        return "Bearer"
