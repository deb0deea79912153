"""Related records by their external keys: industry by code, owner by employee number …"""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from core.api.resources import require_user

Records = Callable[[User], QuerySet[Any]]

TEXT = serializers.CharField(max_length=60)


@extend_schema_field(TEXT)
class KeyField(serializers.Field[Any, str, str, Any]):
    """A related record, written and read as one of its own unique fields.

    ``records`` gives what the caller may name. What lies outside their scope and what does not
    exist get the same words.
    """

    default_error_messages = {"unknown": _("Not found or not yours")}

    def __init__(self, key: str, records: Records, *, lookup: str = "", **options: Any) -> None:
        self.key, self.records, self.lookup = key, records, lookup or key
        super().__init__(**options)

    def to_internal_value(self, data: str) -> Any:
        """Return the record; raise ValidationError where the caller knows none by this key."""
        key = TEXT.run_validation(data)
        user = require_user(self.context["request"])
        found = self.records(user).filter(**{self.lookup: key}).first()
        if found is None:
            self.fail("unknown")
        return found

    def to_representation(self, value: Model) -> str:
        """Return the record's key."""
        return str(getattr(value, self.key))
