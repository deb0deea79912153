"""How many calls a key or a person may make: so many per minute, counted in Valkey."""

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey

MINUTE = 60


class PerMinute(BaseThrottle):
    """``settings.API_CALLS_PER_MINUTE`` for each key, and for each person's browser.

    Counted by whole minutes with one atomic increment, so that callers at once are counted right.
    """

    def allow_request(self, request: Request, view: object) -> bool:
        """Count this call and tell whether it is still within the minute's number."""
        minute = int(time.time()) // MINUTE
        name = f"api-calls:{_caller(request)}:{minute}"
        cache.add(name, 0, timeout=2 * MINUTE)
        try:
            calls = int(cache.incr(name))
        except ValueError:  # the cache was emptied between the two
            calls = 1
        return calls <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE


def _caller(request: Request) -> str:
    key = request.auth
    return f"key-{key.digest[:32]}" if isinstance(key, ApiKey) else f"user-{request.user.pk}"
