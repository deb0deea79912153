"""The pages people get when something is not as it should be. Each says what to do next.

They keep the frame (menu, search) where the person is known. A server error must not need anything
that may be what is broken, so it asks neither the database nor the session.
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

FRAMED, APART = "base.html", "components/error_layout.html"


def _page(request: HttpRequest, status: HTTPStatus, title: str, advice: str) -> HttpResponse:
    if _asks_api(request):
        return _problem(status, title)
    known = isinstance(getattr(request, "user", None), User)
    context = {
        "layout": FRAMED if known else APART,
        "status": status.value,
        "title": title,
        "advice": advice,
    }
    return render(request, "core/error.html", context, status=status)


def _asks_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _problem(status: HTTPStatus, title: str, **more: str) -> JsonResponse:
    """Answer programs in the one shape that core.api.errors gives every error of a view."""
    body = {"code": status.name.lower(), "title": title, "status": status.value} | more
    return JsonResponse(body, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show what a request that could not be read gets."""
    title = _("This request could not be read")
    return _page(
        request, HTTPStatus.BAD_REQUEST, title, _("Go back, check what was entered and try again.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show what somebody gets who sees a thing but may not do this with it."""
    title = _("Not allowed for your role")
    advice = _("Ask your division's administrator if you need this for your work.")
    return _page(request, HTTPStatus.FORBIDDEN, title, advice)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the same for what does not exist and for what lies outside a person's scope."""
    advice = _("Check the address, or search for the customer by name or code.")
    return _page(request, HTTPStatus.NOT_FOUND, _("Not found or not yours"), advice)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Show what somebody gets who asks more often than people do."""
    advice = _("Wait a minute, then try again. What you typed is still there when you go back.")
    return _page(request, HTTPStatus.TOO_MANY_REQUESTS, _("Too many requests"), advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show a reference that the log carries too; nothing half-done was kept."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    reference = secrets.token_hex(4)
    logger.error("server error %s at %s", reference, request.path)
    title = _("Something went wrong here")
    if _asks_api(request):
        return _problem(status, title, reference=reference)
    context = {
        "layout": APART,
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
    """Show what a form from an ended session gets."""
    advice = _("Go back, reload the page and send it again. What you typed is still there.")
    return _page(request, HTTPStatus.FORBIDDEN, _("The page was open for too long"), advice)
