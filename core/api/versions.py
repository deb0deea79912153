"""Versions of records: sent as ETag, and required in If-Match for a change."""

from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common.errors import StaleError
from core.api.errors import PreconditionRequired

ETAG = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, required=True,
    description="The record's version: send it back as If-Match to change the record.",
)  # fmt: skip
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
    description='The ETag the change is based on, for example "3"; * for any version.',
)  # fmt: skip


def etag_headers(version: int) -> dict[str, str]:
    """Return the header with the version of the record that a response contains."""
    return {"ETag": f'"{version}"'}


def required_version(request: Request, current: int) -> int | None:
    """Return the version that If-Match requires; None for ``*``, which matches any version.

    ``current`` is the record's version. Raises PreconditionRequired without If-Match, StaleError if
    none of its tags is current.
    """
    tags = parse_etags(request.headers.get("If-Match", ""))
    if not tags:
        raise PreconditionRequired(
            _("Say in If-Match which state the change is based on: the ETag you read.")
        )
    if tags == ["*"]:
        return None
    if f'"{current}"' not in tags:
        raise StaleError
    return current
