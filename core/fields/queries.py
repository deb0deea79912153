"""Declared fields in queries: conditions of filters, and sort expressions of lists."""

from collections.abc import Sequence

from django.db.models import DecimalField, F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import IContains

from core.fields.declarations import CUSTOM_COLUMN, FieldDeclaration, SortExpression
from core.fields.kinds import Money, Number
from core.fields.reference import Reference

Condition = Q | IContains


def condition(field: FieldDeclaration, text: str) -> Condition:
    """Return the condition for records whose value matches a filter's text.

    Kinds of text match a part of the value, all others the whole value. Custom fields are compared
    so that the index of the JSON column is used. Raises UnreadableError for a text that is no value
    of the kind.
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
    """Return the expressions that a list sorts by for this field."""
    if field.sort:
        return field.sort()
    if not field.is_custom:
        return [F(field.name)]
    stored = KeyTextTransform(field.custom_key, CUSTOM_COLUMN)
    if isinstance(field.kind, Number | Money):
        return [Cast(stored, DecimalField(max_digits=30, decimal_places=6))]
    return [stored]
