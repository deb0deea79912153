"""Lists of the API: by cursor, so that page 10,000 costs what page 1 does."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class CursorPages(CursorPagination):
    """In the order of the ids, newest first: unique, indexed, and never moved by an edit.

    ``page_size`` is up to 500.
    """

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor sent, or None; raise ValidationError for one that was made up."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                int(cursor.position)
        except (NotFound, ValueError) as error:
            message = _("Take the cursor from a page's links.")
            raise ValidationError({"cursor": [message]}) from error
        return cursor
