"""Throttling of the API: calls per minute of a key or user, counted in Valkey."""

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey

MINUTE = 60  # seconds


class PerMinute(BaseThrottle):
    """Allows ``settings.API_CALLS_PER_MINUTE`` for each key, and for each user with a session.

    Calls are counted per minute of the clock. Counting is one atomic increment, so that calls at
    the same time all count.
    """

    def allow_request(self, request: Request, view: object) -> bool:
        """Count this call; return False when the minute's calls are used up."""
        minute = int(time.time()) // MINUTE
        cache_key = f"api-calls:{_caller_id(request)}:{minute}"
        cache.add(cache_key, 0, timeout=2 * MINUTE)  # it must outlast its minute
        try:
            calls = int(cache.incr(cache_key))
        except ValueError:  # the key was evicted between add and incr
            calls = 1
        return calls <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE


def _caller_id(request: Request) -> str:
    """Return what calls are counted for: a key, or the user of a session."""
    key = request.auth
    return f"key-{key.digest[:32]}" if isinstance(key, ApiKey) else f"user-{request.user.pk}"
