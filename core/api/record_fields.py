"""Serializer fields of declared fields.

Each field of the model has a serializer field of its own; all custom fields together are one JSON
object, ``"custom_fields": {"lines": "3", "since": "2026-01-31"}``.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Subquery
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.api.fields import KeyField, key_annotation, related_key
from core.api.resources import printable, require_user
from core.fields.custom import custom_fields
from core.fields.declarations import CUSTOM_COLUMN, MASK, FieldDeclaration
from core.fields.kind import FieldKind
from core.fields.kinds import (
    Choice,
    Date,
    DateTime,
    Money,
    Number,
    Text,
    YesNo,
)
from core.fields.record_types import RecordType
from core.fields.reference import Reference

CUSTOM_FIELDS = "custom_fields"  # name of the serializer field of all custom fields
AnyField = serializers.Field[Any, Any, Any, Any]


def serializer_field(field: FieldDeclaration) -> AnyField:
    """Return the serializer field of a declared field of the model.

    Raises TypeError for a kind that no model field has yet and that has no serializer field.
    """
    kind = field.kind
    optional: dict[str, Any] = {"required": field.required, "allow_null": not field.required}
    if isinstance(kind, Reference):
        return KeyField(kind.key, kind.records, lookup=kind.lookup, **optional)
    if isinstance(kind, Choice):
        return serializers.ChoiceField(choices=kind.choices(), required=field.required)
    if isinstance(kind, Text):
        return serializers.CharField(
            max_length=kind.max_length, required=field.required, allow_blank=not field.required
        )
    if isinstance(kind, Number | Money):
        decimals = kind.decimals if isinstance(kind, Number) else 2
        return serializers.DecimalField(max_digits=20, decimal_places=decimals, **optional)
    simple_fields: dict[type[FieldKind], type[AnyField]] = {
        Date: serializers.DateField,
        DateTime: serializers.DateTimeField,
        YesNo: serializers.BooleanField,
    }
    if type(kind) not in simple_fields:
        raise TypeError(f"{type(kind).__name__} has no serializer field")
    return simple_fields[type(kind)](**optional)


def related_keys(record_type: RecordType) -> dict[str, Subquery]:
    """Return annotations with the keys that the serializer fields of references show."""
    keys = {}
    for field in record_type.fields:
        if isinstance(field.kind, Reference):
            relation: Any = record_type.model._meta.get_field(field.name)  # noqa: SLF001 (documented)
            records = relation.related_model._default_manager.all()  # noqa: SLF001 (documented)
            keys[key_annotation(field.name)] = related_key(field.name, field.kind.key, records)
    return keys


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {},
        "description": (
            "Values of the fields the administrator has added, by key: text, numbers and amounts "
            "as text, dates as 2026-01-31, true or false. Only the keys sent are changed; null "
            "empties one."
        ),
    }
)
class CustomValuesField(serializers.Field[Any, Any, Any, Any]):
    """The custom fields of a record type as ``{key: value}``; only the keys sent are written.

    Its source is the record itself (``"*"``), so its values are merged into ``validated_data``
    under the names of their declarations: ``{"lines": 3}`` becomes ``custom_lines``.
    """

    def __init__(self, record_type: str, **options: Any) -> None:
        self.record_type = record_type
        super().__init__(source="*", required=False, **options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values sent, by name of their declarations; None for null and blank texts.

        Raises ValidationError for an unknown key and for a value that is not of the field's kind.
        The service refuses a field that the user may not see.
        """
        if not isinstance(data, Mapping):
            raise ValidationError(_("Send an object: keys of custom fields with their values."))
        fields = {field.custom_key: field for field in self._fields}
        unknown = [str(key) for key in data if key not in fields]
        if unknown:
            messages = [f"{printable(key)}: {_('There is no such field.')}" for key in unknown]
            raise ValidationError(messages)
        return {fields[key].name: _clean(fields[key], value) for key, value in data.items()}

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Return the record's values by key, without empty ones; a mask for a hidden one."""
        stored = getattr(value, CUSTOM_COLUMN)
        if not stored:
            return {}
        return {
            key: _to_json(kind, kind.from_json(stored[key])) if is_visible else MASK
            for key, kind, is_visible in self._kinds_and_visibility
            if stored.get(key) is not None
        }

    @cached_property
    def _fields(self) -> Sequence[FieldDeclaration]:
        """The declarations; one query reads them for all records of a response."""
        return custom_fields(self.record_type)

    @cached_property
    def _kinds_and_visibility(self) -> Sequence[tuple[str, FieldKind, bool]]:
        """Key and kind of each field, and whether the user of the request sees its values."""
        user = require_user(self.context["request"])
        return [
            (field.custom_key, field.kind, field.may_be_seen_by(user)) for field in self._fields
        ]


def _clean(field: FieldDeclaration, value: Any) -> Any:
    if value is None or value == "":
        return None
    try:
        return field.kind.clean(value)
    except DjangoValidationError as error:
        messages = [f"{field.custom_key}: {message}" for message in error.messages]
        raise ValidationError(messages) from error


def _to_json(kind: FieldKind, value: Any) -> Any:
    """Return a value for a response: numbers, amounts and dates as text (``"3"``, ``"88.50"``)."""
    if isinstance(value, Decimal):
        return format(value.normalize() if isinstance(kind, Number) else value, "f")
    return value.isoformat() if isinstance(kind, Date) else value
