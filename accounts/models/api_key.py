"""API keys: another system sends one as ``Authorization: Bearer <token>`` to use the REST API.

django-rest-knox verifies them. ``staff.services.key`` issues and revokes them.
"""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, get_digest_token
from knox.settings import CONSTANTS

from accounts.models.user import User
from common.history import tracked


class ApiKeyManager(models.Manager["ApiKey"]):
    """Creates keys. It replaces knox's manager, whose expiry is a duration and not a time."""

    def issue(self, *, user: User, name: str, expiry: datetime) -> tuple["ApiKey", str]:
        """Create a key; return it with its token, of which only the hash is stored."""
        digest, token = get_digest_token()
        key = self.create(
            digest=digest,
            token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH],
            user=user,
            name=name,
            expiry=expiry,
        )
        return key, token


@tracked()
class ApiKey(AbstractAuthToken):
    """An expiring key of one user, who is the actor of every request that sends it.

    From knox it has ``digest`` (the token's hash, the primary key), ``token_key`` (the token's
    first characters, by which knox finds the key), ``user``, ``created`` and ``expiry``. ``name``
    says which system uses the key.
    """

    name = models.CharField(_("used by"), max_length=80)

    objects = ApiKeyManager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
