"""The parameters of the pages of every list: the cursor and the number of rows."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

CURSOR, PAGE_SIZE = "cursor", "page_size"  # parameters of every list
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 500


def read_page_size(request: Request) -> int:
    """Return the requested number of rows of a page; raise ValidationError for an invalid one."""
    text = request.query_params.get(PAGE_SIZE) or str(DEFAULT_PAGE_SIZE)
    is_number = text.isascii() and text.isdecimal() and len(text) < 9
    if not (is_number and 1 <= int(text) <= MAX_PAGE_SIZE):
        message = _("Give a whole number from 1 to %(limit)d.") % {"limit": MAX_PAGE_SIZE}
        raise ValidationError({PAGE_SIZE: [message]})
    return int(text)


def pagination_parameters() -> list[dict[str, Any]]:
    """Return the description of the parameters of every list, for the schema."""
    size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE}
    return [
        {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        for name, text, schema in (
            (CURSOR, "From the links next and previous of a page.", {"type": "string"}),
            (PAGE_SIZE, "Rows of a page.", size),
        )
    ]
