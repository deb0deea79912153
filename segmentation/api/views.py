"""REST views of scoring runs."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from core.api.listing import ListResource
from core.api.resources import require_user
from segmentation.api.serializers import RunRequestSerializer, RunSerializer
from segmentation.listing import RUN_LIST
from segmentation.models import ScoringRun
from segmentation.services.run import request_run


class RunResource(GenericAPIView[ScoringRun]):
    """What the list and the detail view share.

    Reading needs RUN_VIEW, starting a run RUN_START (``core.api.permissions``).
    """

    permission = Permission.RUN_VIEW
    write_permission = Permission.RUN_START
    serializer_class = RunSerializer

    def get_queryset(self) -> QuerySet[ScoringRun]:
        """Return all runs, newest first, with their steps."""
        return ScoringRun.objects.select_related("requested_by", "job").prefetch_related("steps")


@extend_schema_view(
    get=extend_schema(operation_id="scoring_runs_list", summary="List scoring runs, newest first")
)
class RunList(RunResource, ListResource):
    """All runs: list them, or start one."""

    list_declaration = RUN_LIST

    @extend_schema(
        operation_id="scoring_runs_start",
        summary="Start a scoring run",
        description="Answers at once; the run goes on by itself. Refused while one is active.",
        request=RunRequestSerializer,
        responses={201: RunSerializer},
    )
    def post(self, request: Request) -> Response:
        """Request a run and return it."""
        serializer = RunRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        as_of = serializer.validated_data["as_of"]
        run = request_run(as_of=as_of, actor=require_user(request))
        data = RunSerializer(self.get_queryset().get(pk=run.pk)).data
        return Response(data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    get=extend_schema(operation_id="scoring_runs_read", summary="Read a scoring run and its steps")
)
class RunDetail(RunResource):
    """One run."""

    def get(self, request: Request, pk: int) -> Response:
        """Return the run with its steps; 404 if there is none of this id."""
        return Response(RunSerializer(self.get_queryset().get(pk=pk)).data)
