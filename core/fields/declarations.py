"""The declaration of a field, read by forms, lists, the API, the admin, imports and history.

``crm.fields`` declares the customer's model fields with ``model_field``; ``core.fields.custom``
makes the declarations of custom fields from their rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, Q
from django.db.models.expressions import Expression
from django.utils.functional import Promise
from django.utils.text import capfirst

from accounts.models import User
from accounts.permissions import Permission
from core.fields.kind import FieldKind
from core.fields.kinds import LongText
from core.fields.reference import Reference

MASK = "••••"  # shown in place of a value that the user may not see
# The model's JSON column with the values of all custom fields by key, as FieldKind.to_json makes
# them: ``{"lines": 3, "since": "2026-01-31"}``.
CUSTOM_COLUMN = "custom_values"

SortExpression = Expression | F


@dataclass(frozen=True)
class FieldDeclaration:
    """One field of a record: a field of its model, or a custom field that an administrator added.

    ``required`` and ``may_be_empty`` differ for a field with a default: it need not be given, and
    yet it is never empty.
    """

    name: str  # the model's attribute (``"grade"``), or ``"custom_"`` and the key
    label: str | Promise
    kind: FieldKind
    short_label: str | Promise = ""  # "Grade" for "customer grade", in column headers and filters
    help_text: str | Promise = ""
    required: bool = False  # must be given when a record is created
    may_be_empty: bool = True  # a record may have no value
    headers: tuple[str, ...] = ()  # in imported files, besides ``name``
    sensitive: bool = False  # masked, and no filter, for users without SENSITIVE_VIEW
    in_list: bool = False  # is a column of the record's list
    in_filters: bool = False  # can be filtered by, in the list and in the API
    searched: bool = False  # the search box covers it, for all users
    # Returns what its column sorts by; None: see ``core.fields.queries.sort_expressions``.
    sort: Callable[[], Sequence[str | SortExpression]] | None = None
    # Returns conditions instead: records are sorted by which of them they meet.
    sort_groups: Callable[[], Sequence[Q]] | None = None
    quality_weight: int = 0  # in a score of a record's completeness, which no code computes yet
    custom_key: str = ""  # of a custom field: the key of its values in CUSTOM_COLUMN
    # Codes of the categories whose records have the custom field; empty: all records have it.
    categories: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a sensitive field that the search box covers, whoever searches."""
        if self.searched and self.sensitive:
            raise ValueError(f"{self.name}: a sensitive field cannot be searched")

    @property
    def is_custom(self) -> bool:
        """Whether it is a custom field, whose values are in CUSTOM_COLUMN."""
        return bool(self.custom_key)

    @property
    def list_label(self) -> str:
        """The short label, or the label if there is none, capitalised."""
        return capfirst(str(self.short_label or self.label))

    @property
    def is_sortable(self) -> bool:
        """Whether a list can be sorted by it: it says how, is searched, or is custom and short.

        A sensitive custom field cannot be sorted by, because the address of a page has its value.
        """
        is_short = self.is_custom and not self.sensitive and not isinstance(self.kind, LongText)
        return bool(self.sort or self.sort_groups or self.searched or is_short)

    @property
    def column(self) -> str:
        """The model's attribute with the stored value (``industry_id`` for ``industry``).

        Raises TypeError for a custom field, which has no attribute of its own.
        """
        if self.is_custom:
            raise TypeError(f"{self.name} is a custom field")
        return f"{self.name}_id" if isinstance(self.kind, Reference) else self.name

    def may_be_seen_by(self, user: User) -> bool:
        """Return whether the user sees the value; others see a mask."""
        return not self.sensitive or user.may(Permission.SENSITIVE_VIEW)

    def value_of(self, record: Any) -> Any:
        """Return the record's value as a value of the kind; None where there is none.

        The value of a Reference is the related record, which takes a query if it is not loaded.
        """
        if self.is_custom:
            stored = getattr(record, CUSTOM_COLUMN).get(self.custom_key)
            return None if stored is None else self.kind.from_json(stored)
        value = getattr(record, self.name)
        return None if value == "" else value

    def assign(self, record: Any, value: Any) -> None:
        """Set a value of the kind on the record, or None to empty it. The record is not saved."""
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

    def export_value(self, record: Any, user: User) -> Any:
        """Return the value of the kind (a number, a date), None, or the mask if it is hidden."""
        value = self.value_of(record)
        return value if value is None or self.may_be_seen_by(user) else MASK

    def format(self, value: Any, user: User) -> str:
        """Return a value as text for ``user``; blank for None, a mask if it is hidden from them."""
        if value is None:
            return ""
        return self.kind.format(value) if self.may_be_seen_by(user) else MASK

    def applies_to(self, category: str | None) -> bool:
        """Return whether records of a category have the field; ``category`` is a code or None."""
        return not self.categories or category in self.categories


def model_field(model: type[Model], name: str, kind: FieldKind, **options: Any) -> FieldDeclaration:
    """Return the declaration of a model's field; ``options`` are attributes of FieldDeclaration.

    Label, help text, ``required`` and ``may_be_empty`` come from the model. Raises
    FieldDoesNotExist for a name the model lacks.
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
    """Return a value from a form, the API or a program as a value of the kind; None for blank.

    The value of a Reference is already a record and is returned unchanged;
    ``core.writing.require_visible`` checks that the user may see it. Raises ValidationError under
    the field's name.
    """
    if value is None or value == "":
        return None
    if isinstance(field.kind, Reference):
        return value
    try:
        return field.kind.clean(value)
    except ValidationError as error:
        raise ValidationError({field.name: error.messages}) from error


def fields_by_name(fields: Iterable[FieldDeclaration]) -> dict[str, FieldDeclaration]:
    """Return the fields by their names."""
    return {field.name: field for field in fields}
