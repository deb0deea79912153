"""Declared fields, read by forms, lists, the API, the admin, imports and history."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model
from django.db.models.expressions import Expression
from django.utils.functional import Promise
from django.utils.text import capfirst

from accounts.models import User
from accounts.permissions import Permission
from core.fields.kinds import FieldKind
from core.fields.reference import Reference

MASK = "••••"
CUSTOM_COLUMN = "custom_values"

SortExpression = Expression | F


@dataclass(frozen=True)
class FieldDeclaration:
    """One field of a record.

    ``short_label`` replaces the label in column headers and filters, where the record need not be
    named. A ``required`` field must be given when a record is created. ``may_be_empty`` says if a
    record may have no value; a field with a default is not required and yet never empty.
    ``headers`` are further headers the field is known by in imported files. A ``sensitive`` field
    is masked for users without the permission, who cannot search or filter by it either.
    ``in_list`` makes it a column and ``in_filters`` a filter of the record's list; ``searched``
    includes it in the search box. ``sort`` returns the expressions its column sorts by.
    ``quality_weight`` is its weight in a record's completeness score.

    A custom field has a ``custom_key``, the key of its values in the JSON column. It applies to
    records of ``categories``, or to all records if there are none.
    """

    name: str
    label: str | Promise
    kind: FieldKind
    short_label: str | Promise = ""
    help_text: str | Promise = ""
    required: bool = False
    may_be_empty: bool = True
    headers: tuple[str, ...] = ()
    sensitive: bool = False
    in_list: bool = False
    in_filters: bool = False
    searched: bool = False
    sort: Callable[[], Sequence[str | SortExpression]] | None = None
    quality_weight: int = 0
    custom_key: str = ""
    categories: frozenset[str] = frozenset()

    @property
    def is_custom(self) -> bool:
        """Whether an administrator added it; its values are in the JSON column."""
        return bool(self.custom_key)

    @property
    def list_label(self) -> str:
        """The short label, capitalised."""
        return capfirst(str(self.short_label or self.label))

    @property
    def is_sortable(self) -> bool:
        """Whether a list can be sorted by the field: it says how, or it is short and comparable."""
        return self.sort is not None or self.searched or self.is_custom

    @property
    def column(self) -> str:
        """The model's attribute with the stored value (``industry_id`` for ``industry``).

        Raises TypeError for a custom field, whose values are in the JSON column.
        """
        if self.is_custom:
            raise TypeError(self.name)
        return f"{self.name}_id" if isinstance(self.kind, Reference) else self.name

    def may_be_seen_by(self, user: User) -> bool:
        """Return whether the user sees the value; others see a mask."""
        return not self.sensitive or user.may(Permission.SENSITIVE_VIEW)

    def value_of(self, record: Any) -> Any:
        """Return the record's value; None where there is none."""
        if self.is_custom:
            stored = getattr(record, CUSTOM_COLUMN).get(self.custom_key)
            return None if stored is None else self.kind.from_json(stored)
        value = getattr(record, self.name)
        return None if value == "" else value

    def assign(self, record: Any, value: Any) -> None:
        """Set the record's value, None to empty it, without saving the record."""
        if self.is_custom:
            stored = dict(getattr(record, CUSTOM_COLUMN))
            stored.pop(self.custom_key, None)
            if value is not None:
                stored[self.custom_key] = self.kind.to_json(value)
            setattr(record, CUSTOM_COLUMN, stored)
        else:
            setattr(record, self.name, "" if value is None and self.kind.is_text else value)

    def text_of(self, record: Any, user: User) -> str:
        """Return the record's value as text for ``user``; blank where there is none."""
        return self.format(self.value_of(record), user)

    def format(self, value: Any, user: User) -> str:
        """Return a value as text for ``user``; blank for None, a mask if it is hidden from them."""
        if value is None:
            return ""
        return self.kind.format(value) if self.may_be_seen_by(user) else MASK

    def applies_to(self, category: str | None) -> bool:
        """Return whether records of this category have the field."""
        return not self.categories or category in self.categories


def model_field(model: type[Model], name: str, kind: FieldKind, **options: Any) -> FieldDeclaration:
    """Declare a field of a model; label, help text and ``required`` come from the model.

    Raises FieldDoesNotExist for a name the model lacks.
    """
    field = model._meta.get_field(name)  # noqa: SLF001 (Django documents _meta)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return FieldDeclaration(
        name=name,
        label=field.verbose_name,
        kind=kind,
        help_text=field.help_text,
        required=not field.blank and not field.has_default(),
        may_be_empty=field.blank,
        **options,
    )


def clean_value(field: FieldDeclaration, value: Any) -> Any:
    """Return a value from a form or a program as a value of the field's kind; None for blank.

    A related record is not checked here and returned unchanged. Raises ValidationError under the
    field's name.
    """
    if value is None or value == "" or isinstance(field.kind, Reference):
        return None if value == "" else value
    try:
        return field.kind.clean(value)
    except ValidationError as error:
        raise ValidationError({field.name: error.messages}) from error


def fields_by_name(fields: Iterable[FieldDeclaration]) -> dict[str, FieldDeclaration]:
    """Return the fields by their names."""
    return {field.name: field for field in fields}
