"""API lists made of list declarations: the filters, order and pages of the list's web page.

The query parameters are those of the page's address, so an address can be copied from one to the
other. Unlike the page, the API refuses what it does not know.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from core.api.pagination import CURSOR, PAGE_SIZE, pagination_parameters, read_page_size
from core.api.resources import require_user
from core.listing.declarations import ListDeclaration
from core.listing.filters import ListFilter
from core.listing.paging import (
    InvalidPositionError,
    KeysetPage,
    KeysetPager,
    Position,
)
from core.listing.query import SEARCH, SORT, WHERE, ListQuery
from core.listing.selection import UserList

FORWARD, BACKWARD = "+", "-"  # first character of a cursor: the page after or before a position


def _list_parameters(declaration: ListDeclaration) -> list[dict[str, Any]]:
    """Describe the parameters of a list, without those of custom fields."""
    filters = [*declaration.filters(declaration.fields)]
    for part in declaration.parts():
        filters += part.filters
    search = _parameter(SEARCH, "Words that the record contains, each of them.")
    return [
        *([search] if declaration.search else []),
        *(parameter for each in filters for parameter in _filter_parameters(each)),
        _parameter(WHERE, "Groups of conditions: any(grade=AA,A;stage=lost)"),
        _parameter(SORT, "Key of a column; with - in front for descending."),
    ]


def _filter_parameters(list_filter: ListFilter) -> list[dict[str, Any]]:
    return [
        _parameter(
            name,
            " ".join(str(text) for text in (list_filter.label, comparison.label) if text),
            is_multiple=comparison.is_multiple,
        )
        for name, comparison in list_filter.comparisons_by_parameter().items()
    ]


def _parameter(name: str, description: str, *, is_multiple: bool = False) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    schema = {"type": "array", "items": text} if is_multiple else text
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


class KeysetPagination(BasePagination):
    """Pages of a ListResource by keyset: page 10,000 costs as much as page 1."""

    page: KeysetPage

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the rows of the requested page; raise ValidationError for an invalid cursor."""
        if not isinstance(view, ListResource) or not isinstance(queryset, QuerySet):
            raise TypeError(view)
        self.request = request
        pager = view.user_list.pager(queryset, view.list_query, read_page_size(request))
        self.codec = view.user_list.position_codec(view.list_query)
        self.page = self._read_page(pager, request.query_params.get(CURSOR, ""))
        row_key = view.list_declaration.row_key
        found = view.get_queryset().filter(**{f"{row_key}__in": self.page.ids})
        rows = {getattr(row, row_key): row for row in found}
        return [rows[key] for key in self.page.ids if key in rows]

    def _read_page(self, pager: KeysetPager, cursor: str) -> KeysetPage:
        if not cursor:
            return pager.first_page()
        try:
            position = self.codec.decode(cursor[1:])
            if cursor.startswith(BACKWARD):
                return pager.page_before(position)
            return pager.page_after(position)
        except InvalidPositionError as error:
            message = _("Take the cursor from a page's links.")
            raise ValidationError({CURSOR: [message]}) from error

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows with the addresses of the pages around them."""
        page = self.page
        return Response(
            {
                "next": self._url(FORWARD, page.last if page.has_next else None),
                "previous": self._url(BACKWARD, page.first if page.has_previous else None),
                "results": data,
            }
        )

    def _url(self, direction: str, position: Position | None) -> str | None:
        if position is None:
            return None
        address = self.request.build_absolute_uri()
        return replace_query_param(address, CURSOR, direction + self.codec.encode(position))

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Describe the response."""
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters."""
        return [*_list_parameters(view.list_declaration), *pagination_parameters()]


class ListResource(ListAPIView[Any]):
    """A view whose list is declared. ``get_queryset`` returns the rows with all that is shown.

    ``other_parameters`` are those that are no filters of the list; the view reads them itself.
    """

    list_declaration: ClassVar[ListDeclaration]
    default_sort: ClassVar[str] = ""  # the declaration's, if blank
    other_parameters: ClassVar[Sequence[str]] = ()
    pagination_class = KeysetPagination

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page; raise ValidationError for unknown or invalid parameters.

        The ids of its rows are found first, and only these rows are read with all that is shown.
        """
        page = self.paginate_queryset(self.user_list.rows(self.list_query, is_ordered=True))
        shown = self.shown_rows(page or [])
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)

    def shown_rows(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return what the serializer gets of the rows of a page."""
        return rows

    def requested_list(self) -> ListDeclaration:
        """Return the list of the request: one that depends on its address has other rows."""
        return self.list_declaration

    @cached_property
    def user_list(self) -> UserList:
        """The list of the user of the request."""
        return UserList(
            self.requested_list(), require_user(self.request), default_sort=self.default_sort
        )

    @cached_property
    def list_query(self) -> ListQuery:
        """The query of the request; raises ValidationError with all that cannot be accepted."""
        query, problems = self.user_list.read(
            self.request.query_params, (CURSOR, PAGE_SIZE, *self.other_parameters)
        )
        if problems:
            errors: dict[str, list[str]] = {}
            for problem in problems:
                errors.setdefault(problem.name, []).append(str(problem.message))
            raise ValidationError(errors)
        return query
