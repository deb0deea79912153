"""Authentication for the API: a key for other systems, the session for the product's own pages."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiKey, User


class KeyAuthentication(TokenAuthentication):
    """Authentication by ``Authorization: Bearer <key>``.

    It replaces knox's own check of the key. ``request.auth`` is then the ApiKey. Keys expire, and
    only their hash is stored.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiKey]:
        """Return the key's user and the key, with one query; raise AuthenticationFailed.

        ``token`` is the key's text. An unknown, expired or revoked (deleted) key, and one whose
        user is inactive, get the same message.
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
    """Authentication by the session of a signed-in user. Writing also needs the CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        """Return a WWW-Authenticate header: with one, REST framework answers 401 and not 403."""
        return "Bearer"
