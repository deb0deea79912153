"""Declared fields in queries: the expressions that lists are sorted by."""

from collections.abc import Sequence

from django.db.models import DecimalField, F
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from core.fields.custom import MAX_DECIMALS
from core.fields.declarations import CUSTOM_COLUMN, FieldDeclaration, SortExpression
from core.fields.kinds import Money, Number


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
