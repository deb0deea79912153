"""Middleware: malformed requests, the request's channel and language, content security policy."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation

from accounts.acting import Channel, request_channel
from accounts.models import User

FORM_CONTENT_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}

# The admin theme uses the library Alpine, which evaluates expressions in attributes, and an inline
# style for its colours. It has no inline scripts, so these stay forbidden. The rest of the policy
# in settings applies unchanged.
ADMIN_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class MalformedRequestMiddleware:
    """Handle requests that no browser sends and that would otherwise be server errors.

    - A form in another encoding than UTF-8 is answered with 400. The encoding of any other body is
      replaced by UTF-8, because Django would also decode the URL's parameters with it.
    - A NUL in the URL of an admin page is answered with 400: Django's admin passes parameters to
      the database, which refuses NUL. The product's own pages handle NUL themselves.
    - A session cookie that is not all letters and digits, as Django's keys are, is dropped.

    It must be listed before the session middleware, which reads that cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding is not None and request.encoding.lower() not in {"utf-8", "utf8"}:
            if request.content_type in FORM_CONTENT_TYPES:
                raise BadRequest("encoding")
            request.encoding = "utf-8"
        if request.path_info.startswith("/admin/") and _contains_nul(request):
            raise BadRequest("NUL")
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if session_key is not None and not session_key.isalnum():
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return self.get_response(request)


def _contains_nul(request: HttpRequest) -> bool:
    parameters = (text for name, values in request.GET.lists() for text in (name, *values))
    return "\0" in request.path_info or any("\0" in text for text in parameters)


class UserContextMiddleware:
    """Set the request's channel and the user's language; keep signed-in pages out of caches.

    The channel (browser, API or administration) is recorded in the history of what the request
    changes. It must be listed after the authentication middleware, which sets ``request.user``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or request.user.language
        with request_channel(_channel_of(request.path_info)):
            response = self.get_response(request)
        if isinstance(request.user, User) and not response.has_header("Cache-Control"):
            # Otherwise the Back button shows the page after signing out.
            response["Cache-Control"] = "private, no-store"
        return response


def _channel_of(path: str) -> Channel:
    if path.startswith("/api/"):
        return Channel.API
    return Channel.ADMIN if path.startswith("/admin/") else Channel.BROWSER


class AdminPolicyMiddleware:
    """Relax the content security policy to ADMIN_POLICY under /admin/ and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.get_admin_response = csp_replace(ADMIN_POLICY)(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            return self.get_admin_response(request)
        return self.get_response(request)
