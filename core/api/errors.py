"""All errors of the API have one format, after RFC 9457 (problem details).

``{"code": …, "title": …, "status": …, "errors": {field: [message, …]}}``; ``code`` is stable and
meant for programs, ``title`` and ``errors`` are in the language of the request. ``errors`` is
present only if values are wrong. Views raise the exceptions of this module, of REST framework or of
services; ``problem`` is the exception handler in settings that turns them into responses.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from common.errors import RefusedError, StaleError

PROBLEM_CONTENT_TYPE = "application/problem+json"

# Our code by REST framework's, so that a refusal has one code, whether a view or a service
# makes it.
CODE_OVERRIDES = {"permission_denied": "forbidden"}


class PreconditionRequired(exceptions.APIException):
    """A change was sent without If-Match, which names the version it is based on."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"


class LengthRequired(exceptions.APIException):
    """A body was sent without Content-Length."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"


class TooLarge(exceptions.APIException):
    """A body is larger than one request may be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Unreadable(exceptions.APIException):
    """The whole body cannot be read; ``code`` says why."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "unreadable"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response for an exception of a view or service.

    None means that the exception is unexpected; Django then answers 500. ``context`` has the view
    and the request, as REST framework passes them.
    """
    service_problem = _service_problem(error)
    if service_problem is not None:
        set_rollback()
        return service_problem
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    response.data = _problem_body(error)
    response.content_type = PROBLEM_CONTENT_TYPE
    return response


def _service_problem(error: Exception) -> Response | None:
    """Return the response for an exception that services raise; None for another one."""
    if isinstance(error, StaleError):
        title = _(
            "Somebody changed this record since you read it. Read it again, then send the change."
        )
        return _problem("stale", title, status.HTTP_412_PRECONDITION_FAILED)
    if isinstance(error, RefusedError):
        return _problem(error.code, error.message, status.HTTP_409_CONFLICT)
    if isinstance(error, ObjectDoesNotExist | Http404):
        return _problem("not_found", _("Not found or not yours"), status.HTTP_404_NOT_FOUND)
    if isinstance(error, DjangoPermissionDenied):
        return _problem("forbidden", _("Not allowed for your role"), status.HTTP_403_FORBIDDEN)
    if isinstance(error, DjangoValidationError):
        errors: dict[str, list[str]] = (
            dict(error.message_dict)
            if hasattr(error, "error_dict")
            else {str(NON_FIELD_ERRORS): error.messages}
        )
        return _problem(
            "invalid", _("Some values are not right"), status.HTTP_400_BAD_REQUEST, errors
        )
    return None


def _problem(
    code: str, title: str, status_code: int, errors: dict[str, list[str]] | None = None
) -> Response:
    body: dict[str, Any] = {"code": code, "title": title, "status": status_code}
    if errors:
        body["errors"] = errors
    return Response(body, status=status_code, content_type=PROBLEM_CONTENT_TYPE)


def _problem_body(error: exceptions.APIException) -> dict[str, Any]:
    """Return the body for an exception of REST framework or of this module."""
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail
        errors = detail if isinstance(detail, Mapping) else {NON_FIELD_ERRORS: detail}
        return {
            "code": "invalid",
            "title": _("Some values are not right"),
            "status": error.status_code,
            "errors": {str(field): list(_messages(details)) for field, details in errors.items()},
        }
    codes = error.get_codes()  # a list or dictionary if the exception has several messages
    code = codes if isinstance(codes, str) else error.default_code
    return {
        "code": CODE_OVERRIDES.get(code, code),
        "title": str(error.detail),
        "status": error.status_code,
    }


def _messages(detail: Any) -> Iterator[str]:
    """Flatten REST framework's nested errors of a field into one list of messages."""
    if isinstance(detail, Mapping):
        for inner in detail.values():
            yield from _messages(inner)
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for inner in detail:
            yield from _messages(inner)
    else:
        yield str(detail)
