"""REST: the user's own notices."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.listing import ListResource
from core.api.permissions import SignedIn
from core.api.resources import StrictSerializer, requesting_user, require_user
from core.fields.kinds import Choice, YesNo
from core.listing.comparisons import (
    Column,
    choice_comparisons,
    time_comparisons,
    yes_no_comparisons,
)
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.listing.filters import ListFilter
from core.models import Notice
from core.notices.reading import own_notices, show_notices
from core.notices.registry import notice_kinds
from core.services.notice import mark_all_notices_read, mark_notice_read

FILTERS = (
    ListFilter(
        "unread",
        _("Unread"),
        yes_no_comparisons(Column("read_at__isnull", YesNo()), may_be_empty=False),
    ),
    ListFilter(
        "kind",
        _("Kind"),
        choice_comparisons(
            Column("kind", Choice(lambda: [(kind, kind) for kind in notice_kinds()])),
            may_be_empty=False,
        ),
    ),
    ListFilter("created_at", _("at"), time_comparisons("created_at")),
)
NOTICE_LIST = ListDeclaration(
    name="notices",
    title=_("Notices"),
    permission=None,
    rows=own_notices,
    columns=fixed_columns(),
    filters=lambda _fields: FILTERS,
    sorts={"id": Sort()},
    default_sort="-id",
)


class NoticeSerializer(serializers.Serializer[Any]):
    """A notice."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="Stable, for programs.")
    text = serializers.CharField(help_text="For people, in the user's language.")
    url = serializers.CharField(help_text="Path of the page it links to; blank if there is none.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class ReadUntilSerializer(StrictSerializer[dict[str, Any]]):
    """Which notices to mark as read."""

    until = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="Id of the newest notice that was seen."
    )


class ReadCountSerializer(serializers.Serializer[dict[str, int]]):
    """How many notices were marked as read."""

    read = serializers.IntegerField()


@extend_schema_view(
    get=extend_schema(operation_id="notices_list", summary="List your notices, newest first")
)
class NoticeList(ListResource):
    """The user's own notices."""

    permission_classes = [SignedIn]
    serializer_class = NoticeSerializer
    list_declaration = NOTICE_LIST

    def get_queryset(self) -> QuerySet[Notice]:
        """Return the user's notices of known kinds."""
        return own_notices(requesting_user(self))

    def shown_rows(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the notices with their texts."""
        return show_notices(require_user(self.request), rows)


class NoticeDetailRead(APIView):
    """Marking one notice as read."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="notices_read",
        summary="Mark a notice as read",
        request=None,
        responses=NoticeSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Mark the notice and return it; 404 for a notice of somebody else."""
        user = require_user(request)
        (shown,) = show_notices(user, [mark_notice_read(notice_id=pk, actor=user)])
        return Response(NoticeSerializer(shown).data)


class NoticesRead(APIView):
    """Marking all notices as read."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="notices_read_all",
        summary="Mark your notices as read, up to one",
        request=ReadUntilSerializer,
        responses=ReadCountSerializer,
    )
    def post(self, request: Request) -> Response:
        """Mark the notices and return how many were unread."""
        serializer = ReadUntilSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        until = serializer.validated_data["until"]
        count = mark_all_notices_read(actor=require_user(request), until=until)
        return Response(ReadCountSerializer({"read": count}).data)
