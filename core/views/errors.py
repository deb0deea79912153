"""Error pages, and error responses of the API outside its views. Each page says what to do next.

``config.urls`` names these views as Django's error handlers; errors that a view of the API raises
are answered by ``core.api.errors`` instead. Signed-in users keep the menu. The page of a server
error uses neither database nor session, because either may be what failed.
"""

import logging
import secrets
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User

logger = logging.getLogger(__name__)

LAYOUT_WITH_MENU, LAYOUT_WITHOUT_MENU = "base.html", "components/error_layout.html"


def _error_response(
    request: HttpRequest, status: HTTPStatus, title: str, advice: str
) -> HttpResponse:
    """Return the error page; under /api/ a problem, which has no advice."""
    if _is_api_request(request):
        return _problem(status, title)
    is_signed_in = isinstance(getattr(request, "user", None), User)
    context = {
        "layout": LAYOUT_WITH_MENU if is_signed_in else LAYOUT_WITHOUT_MENU,
        "status": status.value,
        "title": title,
        "advice": advice,
    }
    return render(request, "core/error.html", context, status=status)


def _is_api_request(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _problem(status: HTTPStatus, title: str, **extra: str) -> JsonResponse:
    """Return an error in the format of ``core.api.errors``: ``{"code", "title", "status"}``."""
    body = {"code": status.name.lower(), "title": title, "status": status.value} | extra
    return JsonResponse(body, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: the request could not be read."""
    title = _("This request could not be read")
    return _error_response(
        request, HTTPStatus.BAD_REQUEST, title, _("Go back, check what was entered and try again.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: the user lacks the permission."""
    title = _("Not allowed for your role")
    advice = _("Ask your division's administrator if you need this for your work.")
    return _error_response(request, HTTPStatus.FORBIDDEN, title, advice)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, with the same page for a record the user may not see."""
    advice = _("Check the address, or search for the customer by name or code.")
    return _error_response(request, HTTPStatus.NOT_FOUND, _("Not found or not yours"), advice)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer 429: django-allauth counted too many requests, such as attempts to sign in."""
    advice = _("Wait a minute, then try again. What you typed is still there when you go back.")
    return _error_response(request, HTTPStatus.TOO_MANY_REQUESTS, _("Too many requests"), advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, with a reference that is also in the log."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    reference = secrets.token_hex(4)
    logger.error("server error %s at %s", reference, request.path)
    title = _("Something went wrong here")
    if _is_api_request(request):
        return _problem(status, title, reference=reference)
    context = {
        "layout": LAYOUT_WITHOUT_MENU,
        "status": status.value,
        "title": title,
        "advice": _(
            "Nothing was half-saved. Go back and try again; if it stays, pass on the reference."
        ),
        "reference": reference,
    }
    page = render_to_string("core/error.html", context)
    return HttpResponse(page, status=status, headers={"X-Reference": reference})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose CSRF token belongs to an ended session."""
    advice = _("Go back, reload the page and send it again. What you typed is still there.")
    return _error_response(
        request, HTTPStatus.FORBIDDEN, _("The page was open for too long"), advice
    )
