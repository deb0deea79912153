"""The OpenAPI schema: its view, and authentication and errors, which are the same for all views."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView

from core.api.errors import PROBLEM_CONTENT_TYPE

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Every error has this shape (after RFC 9457).",
    "required": ["code", "title", "status"],
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs."},
        "title": {"type": "string", "description": "For people, in the caller's language."},
        "status": {"type": "integer"},
        "errors": {
            "type": "object",
            "description": "What is wrong with which field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
# Descriptions of errors by status: of all operations, of one record, of writes, of changes to one
# record (PATCH), and of bulk imports.
COMMON_PROBLEMS = {
    "400": "The request could not be read, or some values are not right.",
    "401": "No key, or one that is unknown, expired or revoked.",
    "403": "Not allowed for your role.",
    "406": "Ask for JSON.",
    "429": "Too many calls; Retry-After says when to go on.",
}
RECORD_PROBLEMS = {"404": "Not found or not yours."}
WRITE_PROBLEMS = {
    "409": "A rule of the business stands against it; code says which.",
    "415": "This media type is not taken here.",
}
CHANGE_PROBLEMS = {
    "412": "Somebody changed the record since you read it.",
    "428": "Say in If-Match which state the change is based on.",
}
BULK_PROBLEMS = {"411": "Send the body with its length.", "413": "The body is too large."}


class KeyScheme(OpenApiAuthenticationExtension):
    """How the schema describes KeyAuthentication."""

    target_class = "core.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe ``Authorization: Bearer <key>``."""
        return {"type": "http", "scheme": "bearer", "description": "A key of a service account."}


class SessionScheme(OpenApiAuthenticationExtension):
    """How the schema describes BrowserAuthentication."""

    target_class = "core.api.authentication.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the session cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to each operation the errors it can answer; a drf-spectacular hook, named in settings.

    ``result`` is the generated schema, which is changed in place. A response that the view itself
    declares is kept.
    """
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status, description in _problems(path, method).items():
                operation["responses"].setdefault(status, _response(description))
    return result


def _problems(path: str, method: str) -> dict[str, str]:
    problems = dict(COMMON_PROBLEMS)
    if "{" in path:
        problems |= RECORD_PROBLEMS
    if method != "get":
        problems |= WRITE_PROBLEMS
    if method in {"patch", "delete"}:
        problems |= CHANGE_PROBLEMS
    if path.endswith("/bulk/"):
        problems |= BULK_PROBLEMS
    return problems


def _response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM_CONTENT_TYPE: {"schema": PROBLEM_REF}}}


class Schema(SpectacularAPIView):
    """The description of this API (OpenAPI 3), for everyone with an account."""

    renderer_classes = [OpenApiJsonRenderer]
