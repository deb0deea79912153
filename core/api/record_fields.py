"""Serializer fields of declared fields. All custom fields are one JSON object."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.api.fields import KeyField
from core.api.resources import require_user
from core.fields.custom import custom_fields
from core.fields.declarations import MASK, FieldDeclaration
from core.fields.kinds import (
    Choice,
    Date,
    FieldKind,
    Money,
    Number,
    Text,
    YesNo,
)
from core.fields.reference import Reference

CUSTOM_FIELDS = "custom_fields"
AnyField = serializers.Field[Any, Any, Any, Any]


def serializer_field(field: FieldDeclaration) -> AnyField:
    """Return the serializer field of a declared field of the model.

    Raises TypeError for a kind without a serializer field.
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
        YesNo: serializers.BooleanField,
    }
    if type(kind) not in simple_fields:
        raise TypeError(f"{type(kind).__name__} has no serializer field")
    return simple_fields[type(kind)](**optional)


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
    """The custom fields of a record type as ``{key: value}``; only the keys sent are written."""

    def __init__(self, record_type: str, **options: Any) -> None:
        self.record_type = record_type
        self._declarations: list[FieldDeclaration] | None = None
        super().__init__(source="*", required=False, **options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values sent by name of their declaration; raise ValidationError."""
        if not isinstance(data, Mapping):
            raise ValidationError(_("Send an object: keys of custom fields with their values."))
        fields = {field.custom_key: field for field in self._fields()}
        unknown = [str(key) for key in data if key not in fields]
        if unknown:
            messages = [f"{_printable(key)}: {_('There is no such field.')}" for key in unknown]
            raise ValidationError(messages)
        return {fields[key].name: _clean(fields[key], value) for key, value in data.items()}

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Return the values of the record; a mask for one the user may not see."""
        user = require_user(self.context["request"])
        values = {}
        for field in self._fields():
            stored = field.value_of(value)
            if stored is not None:
                may_see = field.may_be_seen_by(user)
                values[field.custom_key] = _to_json(field.kind, stored) if may_see else MASK
        return values

    def _fields(self) -> Iterable[FieldDeclaration]:
        """Return the declarations; they are read once for a whole page of records."""
        if self._declarations is None:
            self._declarations = custom_fields(self.record_type)
        return self._declarations


def _clean(field: FieldDeclaration, value: Any) -> Any:
    if value is None or value == "":
        return None
    try:
        return field.kind.clean(value)
    except DjangoValidationError as error:
        messages = [f"{field.custom_key}: {message}" for message in error.messages]
        raise ValidationError(messages) from error


def _printable(key: str) -> str:
    """Return a key sent as JSON without halves of characters, which no answer can contain."""
    return key.encode("utf-8", "replace").decode("utf-8")


def _to_json(kind: FieldKind, value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize() if isinstance(kind, Number) else value, "f")
    return value.isoformat() if isinstance(kind, Date) else value
