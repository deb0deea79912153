"""Record types: which kinds of record declare their fields, named in settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from accounts.models import User
from core.fields.custom import custom_fields
from core.fields.declarations import FieldDeclaration


@dataclass(frozen=True)
class RecordType:
    """A kind of record with declared fields.

    ``category_field`` is the reference by whose code custom fields may be limited to some records,
    ``categories`` returns its records; blank and None where there is none.
    """

    name: str
    label: str | Promise
    model: type[Model]
    fields: Sequence[FieldDeclaration]
    category_field: str = ""
    categories: Callable[[], QuerySet[Any]] | None = None

    @property
    def searched_columns(self) -> list[str]:
        """The columns of the model that the search box looks into."""
        return [field.name for field in self.fields if field.searched]

    def all_fields(self) -> list[FieldDeclaration]:
        """Return the model's declared fields and the custom ones in use. One query."""
        return [*self.fields, *custom_fields(self.name)]

    def custom_fields_for(self, user: User) -> list[FieldDeclaration]:
        """Return the custom fields whose values ``user`` may see. One query."""
        return [field for field in custom_fields(self.name) if field.may_be_seen_by(user)]

    def fields_for(self, user: User) -> list[FieldDeclaration]:
        """Return the fields whose values ``user`` may see. One query."""
        return [field for field in self.all_fields() if field.may_be_seen_by(user)]

    def category_choices(self) -> list[tuple[str, str]]:
        """Return code and name of the categories that may limit a custom field."""
        return [(entry.code, str(entry)) for entry in self.categories()] if self.categories else []

    def category_of(self, record: Model) -> str | None:
        """Return the code of the record's category; None without one."""
        category = getattr(record, self.category_field, None) if self.category_field else None
        return None if category is None else str(category.code)


@cache
def record_types() -> dict[str, RecordType]:
    """Return the record types of settings by name.

    Raises ImportError for a path that leads nowhere, TypeError for one that is no record type.
    """
    found: dict[str, RecordType] = {}
    for path in settings.RECORD_TYPES:
        record_type = import_string(path)
        if not isinstance(record_type, RecordType):
            raise TypeError(f"{path} is no RecordType")
        found[record_type.name] = record_type
    return found
