"""Declarations of custom fields, made from the CustomField rows that an administrator has added."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import escape

from common.localised import localised_text
from core.fields.declarations import FieldDeclaration
from core.fields.kind import FieldKind
from core.fields.kinds import (
    Choice,
    Choices,
    Date,
    Email,
    LongText,
    Money,
    Number,
    Phone,
    Text,
    Url,
    YesNo,
)
from core.models import CustomField, CustomFieldKind

CUSTOM_PREFIX = "custom_"  # of a declaration's name, so that it differs from the model's fields
MAX_DECIMALS = 6  # of a number
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
    """Return the active custom fields of a record type, such as ``"customer"``, in their order.

    Takes one query.
    """
    rows = CustomField.objects.filter(record_type=record_type, is_active=True)
    return [declaration_of(row) for row in rows]


def declaration_of(row: CustomField) -> FieldDeclaration:
    """Return the declaration of a custom field; label and help are in the active language.

    They keep that language, so declarations must not be kept beyond a request.
    """
    return FieldDeclaration(
        name=f"{CUSTOM_PREFIX}{row.key}",
        label=row.label,
        kind=KIND_FACTORIES[row.kind](row),
        # Templates show help texts unescaped, because help texts in the code may contain markup.
        help_text=escape(localised_text(zh=row.help_zh, en=row.help_en)),
        required=row.required,
        may_be_empty=not row.required,
        headers=tuple(text for text in (row.key, row.label_zh, row.label_en) if text),
        sensitive=row.sensitive,
        in_list=row.in_list,
        in_filters=True,  # by URL and in the API; the list offers only those in_list
        custom_key=row.key,
        categories=frozenset(row.categories),
    )


def _choices(row: CustomField) -> Choices:
    """Return a function for ``Choice.choices``, whose labels are in the language active then."""
    entries: list[dict[str, Any]] = row.choices
    return lambda: [
        (entry["code"], localised_text(zh=entry["zh"], en=entry["en"]) or entry["code"])
        for entry in entries
    ]
