"""The schema: keys, sessions and errors beside the views' own words, and its address."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView

from core.api.errors import PROBLEM

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
ALWAYS = {
    "400": "The request could not be read, or some values are not right.",
    "401": "No key, or one that is unknown, expired or revoked.",
    "403": "Not allowed for your role.",
    "406": "Ask for JSON.",
    "429": "Too many calls; Retry-After says when to go on.",
}
ONE_RECORD = {"404": "Not found or not yours."}
WRITING = {
    "409": "A rule of the business stands against it; code says which.",
    "415": "This media type is not taken here.",
}
CHANGING = {
    "412": "Somebody changed the record since you read it.",
    "428": "Say in If-Match which state the change is based on.",
}
BULK = {"411": "Send the body with its length.", "413": "The body is too large."}


class KeyScheme(OpenApiAuthenticationExtension):
    """Keys of other systems."""

    target_class = "core.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe ``Authorization: Bearer <key>``."""
        return {"type": "http", "scheme": "bearer", "description": "A key of a service account."}


class SessionScheme(OpenApiAuthenticationExtension):
    """The product's own pages."""

    target_class = "core.api.authentication.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the session cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to every operation the errors its kind can answer."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status, meaning in _problems(path, method).items():
                operation["responses"].setdefault(status, _response(meaning))
    return result


def _problems(path: str, method: str) -> dict[str, str]:
    problems = dict(ALWAYS)
    if path.endswith("/scoring-runs/") and method == "post":
        problems["503"] = "The queue cannot be reached; nothing was started."
    if "{" in path:
        problems |= ONE_RECORD
    if method != "get":
        problems |= WRITING
    if method == "patch":
        problems |= CHANGING
    if path.endswith("/bulk/"):
        problems |= BULK
    return problems


def _response(meaning: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {PROBLEM: {"schema": schema}}}


class Schema(SpectacularAPIView):
    """The description of this API (OpenAPI 3), for everyone with an account."""

    renderer_classes = [OpenApiJsonRenderer]
