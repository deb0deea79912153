"""Resources of records with declared fields: JSON, ETag and If-Match, create, change, delete.

``crm.api.customers`` is one. An app derives a serializer from ``RecordSerializer`` and its views
from ``RecordList`` and ``RecordDetail``; the services check what is allowed.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core.api.listing import ListResource
from core.api.record_fields import (
    CUSTOM_FIELDS,
    CustomValuesField,
    related_keys,
    serializer_field,
)
from core.api.resources import StrictSerializer, requesting_user, require_user
from core.api.versions import etag_headers, required_version
from core.fields.record_types import RecordType
from core.writing import VersionedRecord


class RecordSerializer(StrictSerializer[Any]):
    """A record with its declared fields, and its custom fields as one object.

    Related records are given by their own keys: by code, users by employee number.
    """

    record_type: ClassVar[RecordType]

    id = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    # With a given time zone, the field need not find the current one for each value.
    created_at = serializers.DateTimeField(
        read_only=True, default_timezone=timezone.get_default_timezone()
    )
    updated_at = serializers.DateTimeField(
        read_only=True, default_timezone=timezone.get_default_timezone()
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the declared fields, and the custom fields as one object."""
        declared = {field.name: serializer_field(field) for field in self.record_type.fields}
        custom = CustomValuesField(self.record_type.name)
        return super().get_fields() | declared | {CUSTOM_FIELDS: custom}


class RecordResource(GenericAPIView[Any]):
    """The base of the views of a record type: queryset, response and submitted values."""

    record_type: ClassVar[RecordType]
    serializer_class: type[RecordSerializer]
    related: ClassVar[Sequence[str]] = ()  # that the serializer shows besides declared fields
    change_serializer_class: ClassVar[type[RecordSerializer] | None] = None  # None: the same

    def get_queryset(self) -> QuerySet[Any]:
        """Return the records the user sees, with the keys of the related records."""
        records = self.record_type.visible_to(requesting_user(self))
        keyed: QuerySet[Any] = records.annotate(**related_keys(self.record_type))
        return keyed.select_related(*self.related)

    def record_response(self, record: Any, status_code: int = status.HTTP_200_OK) -> Response:
        """Return the response for one record, with its version as ETag."""
        data = self.get_serializer(record).data
        return Response(data, status=status_code, headers=etag_headers(record.version))

    def submitted_values(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """Return the validated values for the service, with related records instead of their keys.

        ``partial`` is for a change: fields may be missing. Raises ValidationError.
        """
        serializer_class = (
            self.change_serializer_class if partial else None
        ) or self.serializer_class
        context = self.get_serializer_context()
        serializer = serializer_class(data=request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class RecordList(RecordResource, ListResource):
    """The list of a record type, and creating a record."""

    def create_record(self, actor: User, values: dict[str, Any]) -> Any:
        """Create a record by its service and return it."""
        raise NotImplementedError

    def post(self, request: Request) -> Response:
        """Create a record and return it."""
        created = self.create_record(require_user(request), self.submitted_values(request))
        return self.record_response(self.get_queryset().get(pk=created.pk), status.HTTP_201_CREATED)


class RecordDetail(RecordResource):
    """One record, by id."""

    def update_record(
        self, actor: User, pk: int, version: int | None, changes: dict[str, Any]
    ) -> None:
        """Change the record by its service."""
        raise NotImplementedError

    def get(self, request: Request, pk: int) -> Response:
        """Return the record."""
        return self.record_response(self.get_queryset().get(pk=pk))

    def patch(self, request: Request, pk: int) -> Response:
        """Change the submitted fields and return the record."""
        version = self.required_version(request, pk)
        changes = self.submitted_values(request, partial=True)
        self.update_record(require_user(request), pk, version, changes)
        changed = self.get_queryset().filter(pk=pk).first()
        if changed is None:  # the change has hidden the record from the user
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self.record_response(changed)

    def required_version(self, request: Request, pk: int) -> int | None:
        """Return the version that If-Match requires; None for ``*``, which matches any version.

        Raises the model's DoesNotExist; PreconditionRequired without If-Match; StaleError if none
        of its tags is current.
        """
        records = self.record_type.visible_to(require_user(request))
        record: VersionedRecord = records.only("version").get(pk=pk)
        return required_version(request, record.version)
