"""Record types: records with declared fields, listed in ``settings.RECORD_TYPES``.

``crm.fields.CUSTOMER`` is one. An administrator can add custom fields to each of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from accounts.models import User
from accounts.scoping import ScopedUser
from common.loading import import_by_name
from core.fields.custom import custom_fields
from core.fields.declarations import FieldDeclaration


@dataclass(frozen=True)
class RecordType:
    """A model whose fields are declared.

    A custom field may be limited to records of some categories. For that, the model has a foreign
    key to a model of categories, whose records have a unique ``code``.
    """

    name: str  # such as "customer"; ``CustomField.record_type`` has the same
    label: str | Promise
    model: type[Model]
    fields: Sequence[FieldDeclaration]  # of the model, without custom fields
    category_field: str = ""  # name of the foreign key; blank if the records have no category
    categories: Callable[[], QuerySet[Any]] | None = None  # returns all of them

    def visible_to(self, user: ScopedUser) -> QuerySet[Any]:
        """Return the records that the user may see, of a model that derives from ScopedModel."""
        model: Any = self.model  # Django's type of a model does not know visible_to
        visible: QuerySet[Any] = model._default_manager.visible_to(user)  # noqa: SLF001 (documented)
        return visible

    @property
    def searched_columns(self) -> list[str]:
        """The columns of the model that the search box includes."""
        return [field.name for field in self.fields if field.searched]

    def all_fields(self) -> list[FieldDeclaration]:
        """Return the model's declared fields and the active custom ones. Takes one query."""
        return [*self.fields, *custom_fields(self.name)]

    def custom_fields_for(self, user: User) -> list[FieldDeclaration]:
        """Return the custom fields whose values ``user`` may see. Takes one query."""
        return [field for field in custom_fields(self.name) if field.may_be_seen_by(user)]

    def fields_for(self, user: User) -> list[FieldDeclaration]:
        """Return the fields whose values ``user`` may see. Takes one query."""
        return [field for field in self.all_fields() if field.may_be_seen_by(user)]

    def category_choices(self) -> list[tuple[str, str]]:
        """Return pairs of code and name of all categories; none if records have no category."""
        return [(entry.code, str(entry)) for entry in self.categories()] if self.categories else []

    def category_of(self, record: Model) -> str | None:
        """Return the code of the record's category; None if it has none."""
        category = getattr(record, self.category_field, None) if self.category_field else None
        return None if category is None else str(category.code)


@cache
def record_types() -> dict[str, RecordType]:
    """Return the record types that settings list, by name. They are loaded once per process.

    Raises ImportError or TypeError for a wrong path.
    """
    return import_by_name(settings.RECORD_TYPES, RecordType)
