"""REST: interactions."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Permission
from core.api.records import RecordDetail, RecordList, RecordResource
from core.api.resources import require_user
from core.api.versions import ETAG, IF_MATCH
from crm.api.serializers import InteractionSerializer
from crm.fields import INTERACTION
from crm.listing import INTERACTION_LIST
from crm.models import Interaction
from crm.services.interaction import delete_interaction, log_interaction, update_interaction


class InteractionResource(RecordResource):
    """The base of the views of interactions."""

    permission = Permission.INTERACTION_VIEW
    write_permission = Permission.INTERACTION_LOG
    record_type = INTERACTION
    serializer_class = InteractionSerializer
    related = ("source_system",)


@extend_schema_view(
    get=extend_schema(
        operation_id="interactions_list",
        summary="List the interactions with the customers you see, the latest first",
    ),
    post=extend_schema(
        operation_id="interactions_create",
        summary="Log an interaction",
        parameters=[ETAG],
        responses={201: InteractionSerializer},
    ),
)
class InteractionList(InteractionResource, RecordList):
    """The interactions with the customers the user sees."""

    list_declaration = INTERACTION_LIST

    def create_record(self, actor: User, values: dict[str, Any]) -> Interaction:
        """Log an interaction."""
        return log_interaction(actor=actor, **values)


@extend_schema_view(
    get=extend_schema(
        operation_id="interactions_read", summary="Read an interaction", parameters=[ETAG]
    ),
    patch=extend_schema(
        operation_id="interactions_update",
        summary="Change some fields of an interaction",
        parameters=[IF_MATCH, ETAG],
        responses={
            200: InteractionSerializer,
            204: OpenApiResponse(
                description="Changed, and no longer among the interactions you see."
            ),
        },
    ),
)
class InteractionDetail(InteractionResource, RecordDetail):
    """One interaction."""

    def update_record(
        self, actor: User, pk: int, version: int | None, changes: dict[str, Any]
    ) -> None:
        """Change an interaction."""
        update_interaction(interaction_id=pk, actor=actor, version=version, **changes)

    @extend_schema(
        operation_id="interactions_delete",
        summary="Delete an interaction",
        parameters=[IF_MATCH],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Delete the interaction."""
        version = self.required_version(request, pk)
        delete_interaction(interaction_id=pk, actor=require_user(request), version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)
