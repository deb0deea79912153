"""Keys by which other systems use the REST API."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, get_digest_token
from knox.settings import CONSTANTS

from accounts.models.user import User
from common.history import tracked


class ApiKeyManager(models.Manager["ApiKey"]):
    """Creates keys and stores only their hashes."""

    def issue(self, *, user: User, name: str, expiry: datetime) -> tuple["ApiKey", str]:
        """Create a key and return it with its text, which is not stored."""
        digest, text = get_digest_token()
        key = self.create(
            digest=digest,
            token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
            user=user,
            name=name,
            expiry=expiry,
        )
        return key, text


@tracked()
class ApiKey(AbstractAuthToken):
    """An expiring key of one user. Its text is shown once, when it is issued."""

    name = models.CharField(_("used by"), max_length=80)

    objects = ApiKeyManager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
