"""REST: the files of records, under the record: ``customers/<id>/files/``."""

from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import FileResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.scoping import ScopedQuerySet
from core.api.listing import ListResource
from core.api.resources import requesting_user, require_user
from core.files.kinds import OCTET_STREAM, FileKind
from core.files.records import AttachmentRecords
from core.files.responses import file_response
from core.files.uploads import limit_upload, submitted_file
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.models import Attachment
from core.selectors import attachments_of
from core.services.attachment import add_attachment, remove_attachment

ATTACHMENT_LIST = ListDeclaration(
    name="files",
    title=_("Files"),
    permission=None,  # the resource of each record type has that of its records
    rows=Attachment.objects.visible_to,
    columns=fixed_columns(),
    filters=lambda _fields: (),
    sorts={"id": Sort()},
    default_sort="-id",
)


class AttachmentSerializer(serializers.Serializer[Attachment]):
    """A file of a record, without its content."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=FileKind.choices, help_text="Found from the content.")
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField(help_text="Hash of the content, hexadecimal.")
    added_by = serializers.CharField(
        source="added_by.employee_number", help_text="Employee number of the user who added it."
    )
    added_at = serializers.DateTimeField()


class UploadSerializer(serializers.Serializer[Any]):
    """The upload of one file, as multipart/form-data."""

    file = serializers.FileField()


class ContentRenderer(JSONRenderer):
    """Accepts requests for the content of a file; it renders only errors, which are JSON."""

    media_type = OCTET_STREAM


class AttachmentResource(GenericAPIView[Attachment]):
    """The base of the resources of one record type; ``api_file_urls`` sets the records."""

    records: ClassVar[AttachmentRecords]
    serializer_class = AttachmentSerializer

    def get_queryset(self) -> ScopedQuerySet[Attachment]:
        """Return the files of the record; raise the model's DoesNotExist for a hidden record."""
        if getattr(self, "swagger_fake_view", False):
            return Attachment.objects.visible_to(requesting_user(self))
        return attachments_of(require_user(self.request), self.records, self.record_id)

    @cached_property
    def record_id(self) -> int:
        """The id of the record; raises the model's DoesNotExist for a hidden record."""
        visible = self.records.visible_to(require_user(self.request))
        record_id: int = visible.only("pk").get(pk=self.kwargs["pk"]).pk
        return record_id


class AttachmentList(AttachmentResource, ListResource):
    """The files of a record."""

    list_declaration = ATTACHMENT_LIST
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Limit the size of an upload, before anything reads the body."""
        limit_upload(request)
        return super().initialize_request(request, *args, **kwargs)

    def requested_list(self) -> ListDeclaration:
        """Return the list of the record's files."""
        return replace(ATTACHMENT_LIST, rows=lambda _user: self.get_queryset())

    @extend_schema(
        summary="Add a file",
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Store the file and return its attachment."""
        record_id = self.record_id  # answers 404 for a hidden record, whatever was sent
        file = submitted_file(request)
        attachment = add_attachment(
            records=self.records, record_id=record_id, name=file.name or "", content=file,
            actor=require_user(request),
        )  # fmt: skip
        return Response(AttachmentSerializer(attachment).data, status=HTTPStatus.CREATED)


class AttachmentDetail(AttachmentResource):
    """One file of a record."""

    def get_renderers(self) -> list[Any]:
        """Accept clients that ask for the content only."""
        return [*super().get_renderers(), ContentRenderer()]

    @extend_schema(
        summary="Read the content of a file",
        responses={(200, OCTET_STREAM): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int, file_id: int) -> FileResponse:
        """Send the content. The media type says nothing: the list has the kind."""
        attachment = self.get_queryset().get(pk=file_id)
        return file_response(attachment.stored_name, name=attachment.name)

    @extend_schema(summary="Remove a file", responses={204: None})
    def delete(self, request: Request, pk: int, file_id: int) -> Response:
        """Remove the file."""
        remove_attachment(
            records=self.records, record_id=pk, attachment_id=file_id, actor=require_user(request)
        )
        return Response(status=HTTPStatus.NO_CONTENT)


def api_file_urls(file_records: AttachmentRecords) -> list[URLPattern]:
    """Return the URLs of the files of a record type: ``api-customer-files``, ``api-customer-file``.

    The operations of the schema get their names from the path: ``customers_files_list``.
    """

    class Files(AttachmentList):
        records = file_records
        permission = file_records.view_permission
        write_permission = file_records.edit_permission

    class File(AttachmentDetail):
        records = file_records
        permission = file_records.view_permission
        write_permission = file_records.edit_permission

    name, route = file_records.name, f"{file_records.path}/<int:pk>/files/"
    return [
        path(route, Files.as_view(), name=f"api-{name}-files"),
        path(f"{route}<int:file_id>/", File.as_view(), name=f"api-{name}-file"),
    ]
