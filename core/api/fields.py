"""A serializer field for related records by a unique key: industry by code, owner by number …"""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from core.api.resources import require_user

VisibleRecords = Callable[[User], QuerySet[Any]]

KEY_TEXT = serializers.CharField(max_length=60)  # checks a submitted key; longer than any real one


@extend_schema_field(KEY_TEXT)
class KeyField(serializers.Field[Any, str, str, Any]):
    """A related record, read and written as one of its unique fields, ``key``.

    ``records`` returns the records the user may choose. A record the user may not see gets the same
    message as one that does not exist. ``lookup`` finds a record by its key
    (``"employee_number__iexact"``); by default it is the field itself. A response takes the key
    from an annotation, if there is one (``related_key``), or else from the related record.
    """

    default_error_messages = {"unknown": _("Not found or not yours")}

    def __init__(
        self, key: str, records: VisibleRecords, *, lookup: str = "", **options: Any
    ) -> None:
        self.key, self.records, self.lookup = key, records, lookup or key
        super().__init__(**options)

    def to_internal_value(self, data: str) -> Any:
        """Return the record; raise ValidationError when the user may choose none with this key."""
        key = KEY_TEXT.run_validation(data)
        user = require_user(self.context["request"])
        record = self.records(user).filter(**{self.lookup: key}).first()
        if record is None:
            self.fail("unknown")
        return record

    def bind(self, field_name: str, parent: Any) -> None:
        """Learn the name of the field, and with it that of the annotation."""
        super().bind(field_name, parent)
        self._annotation = key_annotation(field_name)

    def get_attribute(self, instance: Model) -> Any:
        """Return the annotated key; the related record if there is no annotation."""
        annotations = vars(instance)
        if self._annotation in annotations:
            return annotations[self._annotation]
        return super().get_attribute(instance)

    def to_representation(self, value: Model | str) -> str:
        """Return the record's key."""
        return value if isinstance(value, str) else str(getattr(value, self.key))


def key_annotation(name: str) -> str:
    """Return the name of the annotation with the key of the record that a relation refers to."""
    return f"{name}_key"


def related_key(name: str, key: str, related: QuerySet[Any]) -> Subquery:
    """Return the key of the record that a relation refers to, which then need not be read itself.

    ``name`` is that of the relation; a record that is not among ``related`` has no key. It is a
    subquery, because PostgreSQL takes longer to plan a join for each relation than to execute them.
    """
    return Subquery(related.filter(pk=OuterRef(name)).order_by().values(key)[:1])
