"""What no browser sends: put right or refused before anything else has to live with it."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class ReadableMiddleware:
    """Keep requests that cannot be read from being faults of the server. Stands before sessions.

    The product speaks UTF-8: a form in another encoding is refused (BadRequest), and what another
    body says of its own encoding is not applied to the address. The administration looks values of
    the address up as they are, so a NUL in it, which no database keeps, is refused.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding is not None and request.encoding.lower() not in {"utf-8", "utf8"}:
            if request.content_type in FORMS:
                raise BadRequest("encoding")
            request.encoding = "utf-8"
        if request.path_info.startswith("/admin/") and _holds_nul(request):
            raise BadRequest("NUL")
        # Made by the product, a session's key is letters and digits; another one is none.
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "x").isalnum():
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return self.get_response(request)


def _holds_nul(request: HttpRequest) -> bool:
    given = (value for values in request.GET.lists() for value in (values[0], *values[1]))
    return "\0" in request.path_info or any("\0" in value for value in given)
