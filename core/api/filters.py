"""Filters of the API's lists that have no list declaration: a FilterSet of django-filter."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api.pagination import CURSOR, PAGE_SIZE
from core.listing.selection import REPEATED


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses parameters that the list does not have: they would be ignored without notice."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Return the rows that match; raise ValidationError for unknown or invalid parameters."""
        filterset = self.get_filterset(request, queryset, view)
        known = {CURSOR, PAGE_SIZE, *(filterset.filters if filterset else ())}
        errors: dict[str, Any] = {}
        for name, texts in request.query_params.lists():
            if name not in known:
                errors[name] = [_("There is no such field.")]
            elif len(texts) > 1:
                errors[name] = [REPEATED]
        if errors:
            raise ValidationError(errors)
        rows: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return rows
