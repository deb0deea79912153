"""Pagination of the API's lists, by cursor: page 10,000 costs as much as page 1."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class CursorPages(CursorPagination):
    """Pages in descending order of ids, which are unique, indexed and never change.

    The client may ask for another ``page_size``, up to 500.
    """

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor of the request, or None; raise ValidationError for an invalid one."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                int(cursor.position)  # the id at which the page begins; ValueError if it is none
        except (NotFound, ValueError) as error:
            message = _("Take the cursor from a page's links.")
            raise ValidationError({"cursor": [message]}) from error
        return cursor
