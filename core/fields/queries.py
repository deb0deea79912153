"""Declared fields in queries: the conditions of filters, and what lists sort by."""

from collections.abc import Sequence

from django.db.models import DecimalField, F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import IContains

from core.fields.declarations import CUSTOM_COLUMN, FieldDeclaration, SortExpression
from core.fields.kinds import Money, Number, Reference

Condition = Q | IContains


def condition(field: FieldDeclaration, text: str) -> Condition:
    """Return the condition under which a record's value is what a filter's text says.

    Text is found by a part of it, everything else as a whole. Custom fields are compared through
    the index of their JSON column. Raises UnreadableError for a text that is no value of the kind.
    """
    if field.kind.is_text:
        if field.is_custom:
            return IContains(KeyTextTransform(field.custom_key, CUSTOM_COLUMN), text)
        return Q(**{f"{field.name}__icontains": text})
    if isinstance(field.kind, Reference):
        return Q(**{f"{field.name}__{field.kind.lookup}": text})
    value = field.kind.parse(text)
    if field.is_custom:
        return Q(**{f"{CUSTOM_COLUMN}__contains": {field.custom_key: field.kind.to_json(value)}})
    return Q(**{field.name: value})


def sort_expressions(field: FieldDeclaration) -> Sequence[str | SortExpression]:
    """Return what a list sorts by for this field."""
    if field.sort:
        return field.sort()
    if not field.is_custom:
        return [F(field.name)]
    stored = KeyTextTransform(field.custom_key, CUSTOM_COLUMN)
    if isinstance(field.kind, Number | Money):
        return [Cast(stored, DecimalField(max_digits=20, decimal_places=6))]
    return [stored]
