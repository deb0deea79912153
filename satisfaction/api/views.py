"""REST views of complaints."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import Permission
from core.api.listing import ListResource
from core.api.resources import requesting_user, require_user
from core.api.versions import ETAG, IF_MATCH, etag_headers, required_version
from satisfaction.api.serializers import (
    ComplaintClosingSerializer,
    ComplaintCommentSerializer,
    ComplaintDetailSerializer,
    ComplaintReopeningSerializer,
    ComplaintSerializer,
    NewComplaintSerializer,
)
from satisfaction.listing import COMPLAINT_LIST
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import ComplaintQuerySet
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    open_complaint,
    reopen_complaint,
)


class ComplaintResource(GenericAPIView[Complaint]):
    """The base of the views of complaints: querysets, response and submitted values."""

    permission = Permission.COMPLAINT_VIEW
    write_permission = Permission.COMPLAINT_WORK
    serializer_class: type[Serializer[Any]] = ComplaintDetailSerializer

    def get_queryset(self) -> ComplaintQuerySet:
        """Return the complaints the user sees, with the related records that are named."""
        complaints = Complaint.objects.visible_to(requesting_user(self))
        return complaints.select_related("customer", "owner", "opened_by", "closed_by")

    def complaint_response(self, status_code: int = status.HTTP_200_OK, **lookup: Any) -> Response:
        """Return the response for one complaint with its timeline, and its version as ETag.

        ``lookup`` finds the complaint. Raises Complaint.DoesNotExist.
        """
        entries = ComplaintEntry.objects.visible_to(requesting_user(self))
        entries = entries.select_related("author").order_by("pk")
        timeline = Prefetch("entries", queryset=entries, to_attr="timeline")
        complaint = self.get_queryset().prefetch_related(timeline).get(**lookup)
        data = ComplaintDetailSerializer(complaint).data
        return Response(data, status=status_code, headers=etag_headers(complaint.version))

    def required_version(self, pk: int) -> int | None:
        """Return the version that If-Match requires of a complaint; None for any version.

        Raises Complaint.DoesNotExist, PreconditionRequired or StaleError.
        """
        complaints = Complaint.objects.visible_to(require_user(self.request))
        return required_version(self.request, complaints.only("version").get(pk=pk).version)

    def submitted_values(self, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the validated values of the body; raise ValidationError."""
        context = self.get_serializer_context()
        serializer = serializer_class(data=self.request.data, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="complaints_list", summary="List the complaints you see"),
)
class ComplaintList(ComplaintResource, ListResource):
    """The complaints the user sees, without their timelines."""

    list_declaration = COMPLAINT_LIST
    serializer_class = ComplaintSerializer

    @extend_schema(
        operation_id="complaints_open",
        summary="Open a complaint",
        parameters=[ETAG],
        request=NewComplaintSerializer,
        responses={201: ComplaintDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        """Open a complaint and return it."""
        values = self.submitted_values(NewComplaintSerializer)
        customer = values.pop("customer")
        opened = open_complaint(customer_id=customer.pk, actor=require_user(request), **values)
        return self.complaint_response(status.HTTP_201_CREATED, pk=opened.pk)


@extend_schema_view(
    get=extend_schema(
        operation_id="complaints_read",
        summary="Read a complaint and its timeline by id",
        parameters=[ETAG],
    ),
)
class ComplaintDetail(ComplaintResource):
    """One complaint, by id."""

    def get(self, request: Request, pk: int) -> Response:
        """Return the complaint."""
        return self.complaint_response(pk=pk)


@extend_schema_view(
    get=extend_schema(
        operation_id="complaints_read_by_number",
        summary="Read a complaint and its timeline by number",
        parameters=[ETAG],
    ),
)
class ComplaintByNumber(ComplaintResource):
    """One complaint, by number."""

    def get(self, request: Request, number: str) -> Response:
        """Return the complaint."""
        return self.complaint_response(number=number)


class ComplaintComments(ComplaintResource):
    """Comments on a complaint. Two at once do not conflict, so they need no version."""

    @extend_schema(
        operation_id="complaints_comment",
        summary="Comment on a complaint",
        parameters=[ETAG],
        request=ComplaintCommentSerializer,
        responses={201: ComplaintDetailSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add a comment and return the complaint."""
        values = self.submitted_values(ComplaintCommentSerializer)
        comment_on_complaint(complaint_id=pk, actor=require_user(request), **values)
        return self.complaint_response(status.HTTP_201_CREATED, pk=pk)


class ComplaintClosing(ComplaintResource):
    """Closing a complaint."""

    @extend_schema(
        operation_id="complaints_close",
        summary="Close a complaint with its resolution",
        parameters=[IF_MATCH, ETAG],
        request=ComplaintClosingSerializer,
        responses=ComplaintDetailSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Close the complaint and return it."""
        version = self.required_version(pk)
        values = self.submitted_values(ComplaintClosingSerializer)
        close_complaint(complaint_id=pk, actor=require_user(request), version=version, **values)
        return self.complaint_response(pk=pk)


class ComplaintReopening(ComplaintResource):
    """Reopening a complaint."""

    @extend_schema(
        operation_id="complaints_reopen",
        summary="Open a closed complaint again",
        parameters=[IF_MATCH, ETAG],
        request=ComplaintReopeningSerializer,
        responses=ComplaintDetailSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Reopen the complaint and return it."""
        version = self.required_version(pk)
        values = self.submitted_values(ComplaintReopeningSerializer)
        reopen_complaint(complaint_id=pk, actor=require_user(request), version=version, **values)
        return self.complaint_response(pk=pk)
