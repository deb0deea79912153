"""Test clients that call the API with a key."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, User
from tests.history import fixture_changes


class KeyClient(Client):
    """A client that sends an API key with each request, as another system does."""

    def __init__(self, key: str, language: str = "en") -> None:
        super().__init__(headers={"Authorization": f"Bearer {key}", "Accept-Language": language})

    def send(self, method: str, path: str, **options: Any) -> Any:
        """Send a request with the given HTTP method."""
        return self.generic(method, path, **options)


def new_key(user: User) -> str:
    """Make an API key for a user, and return the text that a client sends."""
    expiry = timezone.now() + timedelta(days=30)
    with fixture_changes():
        _key, text = ApiKey.objects.issue(user=user, name="test", expiry=expiry)
    return text


def key_client(user: User, language: str = "en") -> KeyClient:
    """Return a client with a new key of a user."""
    return KeyClient(new_key(user), language)
