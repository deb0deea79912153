"""Form fields made from declarations, for browser pages and the administration."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.fields.declarations import FieldDeclaration
from core.fields.kind import FieldKind
from core.fields.kinds import (
    Choice,
    Date,
    DateTime,
    Email,
    LongText,
    Money,
    Number,
    Phone,
    Text,
    Url,
    YesNo,
)
from core.fields.reference import Reference

INDENT = "\u2003"  # an em space, for each level of a tree: an option of a select cannot be styled
EMPTY_LABEL = "–"
INPUT_TIME_FORMAT = "%Y-%m-%dT%H:%M"  # the value of an input of the type datetime-local
MAX_BIGINT_DIGITS = 18  # every number of so many digits fits into the bigint column of an id
# The attributes of the text input of a kind, which choose the keyboard or picker of a phone.
INPUT_TYPES: dict[type[FieldKind], dict[str, str]] = {
    Phone: {"type": "tel"},
    Email: {"type": "email"},
    Url: {"inputmode": "url"},
    Number: {"inputmode": "decimal"},
    Money: {"inputmode": "decimal"},
    Date: {"type": "date"},
    DateTime: {"type": "datetime-local"},
}


class KindFormField(forms.CharField):
    """A text input (or a select of texts) whose text is parsed by a kind; None where blank."""

    def __init__(self, kind: FieldKind, **options: Any) -> None:
        self.kind = kind
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        """Return the value of the kind; raise ValidationError with the message of the fault."""
        text = super().to_python(value)
        return self.kind.clean(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        """Return the text that the input shows for a value; a submitted text is shown unchanged."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return f"{timezone.localtime(value):{INPUT_TIME_FORMAT}}"
        if isinstance(value, date):
            return value.isoformat()
        # A Decimal without an exponent; the attribute of a model may also be an int.
        return format(value, "f") if isinstance(value, Decimal) else str(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the value changed: ``1,000.0`` in place of ``1000`` is no change."""
        try:
            value = self.to_python(data)
        except ValidationError:
            return True
        if isinstance(value, datetime) and isinstance(initial, datetime):
            # The input shows no seconds.
            return bool(self.prepare_value(value) != self.prepare_value(initial))
        return bool(value != initial)


class ReferenceFormField(forms.ModelChoiceField[Any]):
    """A select of the records that the user may choose.

    ``current`` is the record's present choice. It stays selectable even if it is not among the
    choices, for example because it is inactive, so that saving the form unchanged keeps it.
    """

    current: Model | None = None

    def __init__(self, kind: Reference, user: User, current: Model | None, **options: Any) -> None:
        self.kind = kind
        selectable = (kind.selectable_records or kind.records)(user)
        super().__init__(selectable, empty_label=str(kind.empty_label) or None, **options)
        if kind.options_url_name:
            # There are too many records to list: ``use_search_picker`` replaces the widget. The
            # current record may be hidden from the user. The form then shows an empty choice, and
            # the service treats an empty choice as unchanged.
            return
        self.current = current
        choices: list[tuple[Any, str]] = []
        if self.empty_label is not None:
            choices.append(("", str(self.empty_label)))
        choices += [(record.pk, self.label_from_instance(record)) for record in selectable]
        if current is not None and all(pk != current.pk for pk, _label in choices):
            choices.append((current.pk, self.label_from_instance(current)))
        self.widget.choices = choices

    def label_from_instance(self, obj: Any) -> str:
        """Return the record's label, indented by its level in the tree."""
        level = self.kind.level(obj) if self.kind.level else 0
        return INDENT * level + self.kind.label(obj)

    def to_python(self, value: Any) -> Any:
        """Return the selected record; raise ValidationError unless it is a choice or current."""
        if self.current is not None and str(value) == str(self.current.pk):
            return self.current
        return super().to_python(value)


def form_field(field: FieldDeclaration, user: User, current: Any = None) -> forms.Field:
    """Return the form field of a declaration, with the choices ``user`` may see.

    ``current`` is the record's value as ``field.value_of`` returns it; None for a new record.
    """
    # Only the service knows the record's category, so only it can require a field of a category.
    required = not field.may_be_empty and not field.categories
    options: dict[str, Any] = {
        "label": field.label,
        "required": required,
        "help_text": field.help_text,
    }
    match field.kind:
        case Reference() as kind:
            return ReferenceFormField(kind, user, current, **options)
        case Choice() as kind:
            return forms.ChoiceField(choices=_choices(kind, field, current), **options)
        case YesNo() as kind:
            choices = [
                ("", EMPTY_LABEL),
                ("true", _("Yes")),
                ("false", _("No")),
            ]
            return KindFormField(kind, widget=forms.Select(choices=choices), **options)
        case LongText() as kind:
            text_area = forms.Textarea(attrs={"rows": 4})
            return forms.CharField(max_length=kind.max_length, widget=text_area, **options)
        case Text() as kind if type(kind) is Text:
            return forms.CharField(max_length=kind.max_length, **options)
        case kind:
            widget = forms.TextInput(attrs=INPUT_TYPES.get(type(kind), {}))
            return KindFormField(kind, widget=widget, **options)


def _choices(kind: Choice, field: FieldDeclaration, current: Any) -> list[tuple[str, Any]]:
    """Return the choices of a select such that saving the form unchanged changes nothing.

    The blank choice is left out if the field may not be empty. A custom field without a value gets
    it nevertheless, because the browser would otherwise preselect the first choice. The current
    value is a choice even if the list does not have it.
    """
    listed = list(kind.choices())
    if current is not None and current not in dict(listed):
        listed.append((current, kind.format(current)))
    needs_blank = field.may_be_empty or (field.is_custom and current is None)
    return [("", EMPTY_LABEL), *listed] if needs_blank else listed


def form_fields(
    fields: Iterable[FieldDeclaration], user: User, record: Any = None
) -> dict[str, forms.Field]:
    """Return the form fields of the declarations by name; ``record`` is None for a new record."""
    return {
        field.name: form_field(field, user, None if record is None else field.value_of(record))
        for field in fields
    }


def initial_values(fields: Iterable[FieldDeclaration], record: Any) -> dict[str, Any]:
    """Return the initial values of ``form_fields`` for a record; for a Reference, the id."""
    return {
        field.name: getattr(record, field.column)
        if isinstance(field.kind, Reference)
        else field.value_of(record)
        for field in fields
    }


def use_search_picker(
    field: forms.Field, kind: Reference, selected_id: Any, query: str = ""
) -> None:
    """Replace the options of a reference by a search, because there may be 200,000 records.

    ``static/js/pickers.js`` fetches options from the URL of ``kind.options_url_name``, to which
    ``query`` (``"?without=12"``) is appended. The page itself has the blank option and that of
    ``selected_id``, if the user may see the record. ``selected_id`` may be submitted text and is
    not trusted. Raises TypeError for a field that is no ReferenceFormField.
    """
    if not isinstance(field, ReferenceFormField):
        raise TypeError(f"{type(field).__name__} is no reference")
    text = str(selected_id or "")
    is_id = text.isascii() and text.isdecimal() and len(text) <= MAX_BIGINT_DIGITS
    records = field.queryset.filter(pk=int(text)) if is_id and field.queryset is not None else ()
    field.widget = forms.Select(
        attrs={"data-picker": "", "data-picker-url": reverse(kind.options_url_name) + query},
        choices=[("", EMPTY_LABEL), *((record.pk, kind.label(record)) for record in records)],
    )
