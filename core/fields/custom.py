"""Custom fields: declarations made from the rows that an administrator has added."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape

from common.localised import localised_text
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import (
    Choice,
    Date,
    Email,
    FieldKind,
    LongText,
    Money,
    Number,
    Phone,
    Text,
    Url,
    YesNo,
)
from core.models import CustomField, CustomFieldKind

CUSTOM_PREFIX = "custom_"  # of their names, so that they differ from the model's fields
MAX_DECIMALS = 6
KIND_FACTORIES: Mapping[str, Callable[[CustomField], FieldKind]] = {
    CustomFieldKind.TEXT: lambda _row: Text(),
    CustomFieldKind.LONG_TEXT: lambda _row: LongText(),
    CustomFieldKind.NUMBER: lambda _row: Number(decimals=MAX_DECIMALS),
    CustomFieldKind.MONEY: lambda _row: Money(),
    CustomFieldKind.DATE: lambda _row: Date(),
    CustomFieldKind.YES_NO: lambda _row: YesNo(),
    CustomFieldKind.CHOICE: lambda row: Choice(_choices(row)),
    CustomFieldKind.PHONE: lambda _row: Phone(),
    CustomFieldKind.EMAIL: lambda _row: Email(),
    CustomFieldKind.URL: lambda _row: Url(),
}


def custom_fields(record_type: str) -> list[FieldDeclaration]:
    """Return the active custom fields of a record type by position. Takes one query."""
    rows = CustomField.objects.filter(record_type=record_type, is_active=True)
    return [declaration_of(row) for row in rows]


def declaration_of(row: CustomField) -> FieldDeclaration:
    """Return the declaration of a custom field, with texts in the active language."""
    return FieldDeclaration(
        name=f"{CUSTOM_PREFIX}{row.key}",
        label=row.label,
        kind=KIND_FACTORIES[row.kind](row),
        # Templates show help texts unescaped, for those of the code may hold markup.
        help_text=escape(localised_text(zh=row.help_zh, en=row.help_en)),
        required=row.required,
        may_be_empty=not row.required,
        headers=tuple(text for text in (row.key, row.label_zh, row.label_en) if text),
        sensitive=row.sensitive,
        in_list=row.in_list,
        in_filters=True,
        custom_key=row.key,
        categories=frozenset(row.categories),
    )


def _choices(row: CustomField) -> Callable[[], Sequence[tuple[str, str | Promise]]]:
    entries: list[dict[str, Any]] = row.choices
    return lambda: [
        (entry["code"], localised_text(zh=entry["zh"], en=entry["en"]) or entry["code"])
        for entry in entries
    ]
