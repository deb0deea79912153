"""A serializer field for related records by a unique key: industry by code, owner by number …"""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
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
    (``"employee_number__iexact"``); by default it is the field itself.
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

    def to_representation(self, value: Model) -> str:
        """Return the record's key."""
        return str(getattr(value, self.key))
