"""Declared fields in queries: conditions for filters, and expressions to sort lists by."""

from collections.abc import Sequence

from django.db.models import DecimalField, F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import IContains

from core.fields.custom import MAX_DECIMALS
from core.fields.declarations import CUSTOM_COLUMN, FieldDeclaration, SortExpression
from core.fields.kinds import Money, Number
from core.fields.reference import Reference

Condition = Q | IContains


def condition(field: FieldDeclaration, text: str) -> Condition:
    """Return the condition, for ``QuerySet.filter``, that a record's value matches a filter's text.

    Free text matches a part of the value, a Reference the key of the related record, all others the
    whole value. Raises UnreadableError for a text that is no value of the kind. The caller checks
    that the user may see the field.
    """
    if field.kind.is_text:
        if field.is_custom:
            return IContains(KeyTextTransform(field.custom_key, CUSTOM_COLUMN), text)
        return Q(**{f"{field.name}__icontains": text})
    if isinstance(field.kind, Reference):
        return Q(**{f"{field.name}__{field.kind.lookup}": text})
    value = field.kind.parse(text)
    if field.is_custom:
        # Containment (@>) is what the GIN index of the JSON column supports; equality is not.
        return Q(**{f"{CUSTOM_COLUMN}__contains": {field.custom_key: field.kind.to_json(value)}})
    return Q(**{field.name: value})


def sort_expressions(field: FieldDeclaration) -> Sequence[str | SortExpression]:
    """Return the expressions that a list sorts by, in ascending order of this field.

    They are ``field.sort()``, or the value itself. Of a custom field that is the text in the JSON
    column, which for numbers and amounts is compared as a number.
    """
    if field.sort:
        return field.sort()
    if not field.is_custom:
        return [F(field.name)]
    stored = KeyTextTransform(field.custom_key, CUSTOM_COLUMN)
    if isinstance(field.kind, Number | Money):
        return [Cast(stored, DecimalField(max_digits=30, decimal_places=MAX_DECIMALS))]
    return [stored]
