"""Pagination of the API's lists, by cursor: page 10,000 costs as much as page 1."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
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


class CursorPages(CursorPagination):
    """Pages in descending order of ids, which are unique, indexed and never change.

    The client may ask for another ``page_size``, up to 500.
    """

    ordering = "-pk"
    cursor_query_param = CURSOR
    page_size_query_param = PAGE_SIZE

    def get_page_size(self, request: Request) -> int:
        """Return the number of rows of a page; raise ValidationError for an invalid one."""
        return read_page_size(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters."""
        return pagination_parameters()

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor of the request, or None; raise ValidationError for an invalid one."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                int(cursor.position)  # the id at which the page begins; ValueError if it is none
        except (NotFound, ValueError) as error:
            message = _("Take the cursor from a page's links.")
            raise ValidationError({CURSOR: [message]}) from error
        return cursor
