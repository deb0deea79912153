"""Every write to custom fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from core.fields.headers import normalise_header
from core.fields.kinds import normalise_name
from core.fields.record_types import record_types
from core.models import CustomField, CustomFieldKind
from core.writing import ConstraintMessage, constraint_messages, require_known_fields

EDITABLE_FIELDS = frozenset(
    {
        "record_type", "key", "label_zh", "label_en", "help_zh", "help_en", "kind", "choices",
        "categories", "required", "sensitive", "in_list", "position", "is_active",
    }
)  # fmt: skip
# Changing these would make the stored values unreadable.
IMMUTABLE_FIELDS = frozenset({"record_type", "key", "kind"})
MAX_FIELDS = 100  # of one record type, in use or not
MAX_CHOICES = 200
CONSTRAINTS = {
    "core_customfield_key_unique": ConstraintMessage("key", gettext_lazy("This key is taken.")),
    "core_customfield_key_form": ConstraintMessage(
        "key", gettext_lazy("Small letters, digits and _ only, a letter first.")
    ),
}


def save_custom_field(*, actor: User, field_id: int | None = None, **values: Any) -> CustomField:
    """Add a custom field to a record type, or change the one with ``field_id``.

    ``values`` are named after EDITABLE_FIELDS; a field that is not given is not changed. Raises
    PermissionDenied, CustomField.DoesNotExist, or ValidationError naming the field, also for a
    change of one of IMMUTABLE_FIELDS.
    """
    authorise(actor, Permission.FIELD_MANAGE)
    require_known_fields(values, EDITABLE_FIELDS, "custom field")
    action = Action.CUSTOM_FIELD_UPDATE if field_id else Action.CUSTOM_FIELD_CREATE
    with audited_transaction(actor, action):
        if field_id is None:
            row = CustomField()
            _check_field_limit(values.get("record_type", ""))
        else:
            row = CustomField.objects.select_for_update().get(pk=field_id)
            _require_unchanged(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        _check_consistency(row)
        # The database checks uniqueness and constraints: see CONSTRAINTS.
        row.full_clean(validate_unique=False, validate_constraints=False)
        with constraint_messages(CONSTRAINTS):
            row.save()
    return row


def _require_unchanged(row: CustomField, values: Mapping[str, Any]) -> None:
    changed = sorted(
        name for name in IMMUTABLE_FIELDS & values.keys() if getattr(row, name) != values[name]
    )
    if changed:
        message = _("This cannot be changed once the field is made; make another field.")
        raise ValidationError({changed[0]: message})


def _check_field_limit(record_type: str) -> None:
    if CustomField.objects.filter(record_type=record_type).count() >= MAX_FIELDS:
        message = _("There are %(count)d custom fields already; more would slow every page.")
        raise ValidationError({"key": message % {"count": MAX_FIELDS}})


def _check_consistency(row: CustomField) -> None:
    if row.record_type not in record_types():
        raise ValidationError({"record_type": _("Choose one of the list.")})
    _require_unique_headers(row)
    if row.required and row.sensitive:
        message = _("A masked field cannot be required: some users could not create records.")
        raise ValidationError({"required": message})
    if row.kind == CustomFieldKind.CHOICE:
        _check_choices(row.choices)
    elif row.choices:
        raise ValidationError({"choices": _("Only a choice from a list has choices.")})


def _require_unique_headers(row: CustomField) -> None:
    """Raise ValidationError if a header for the field in files is that of another field.

    Files may call a custom field by its key or by either label. The other fields are those of the
    model and all custom fields of the record type, in use or not.
    """
    known = {
        normalise_header(text)
        for field in record_types()[row.record_type].fields
        for text in (field.name, *field.headers)
    }
    others = CustomField.objects.filter(record_type=row.record_type).exclude(pk=row.pk)
    if others.filter(key=row.key).exists():
        return  # saving violates the unique constraint, whose message says so better
    for other in others:
        known |= {normalise_header(text) for text in (other.key, other.label_zh, other.label_en)}
    for name in ("key", "label_zh", "label_en"):
        if normalise_header(getattr(row, name)) in known - {""}:
            message = _("Another field is known by this name in files.")
            raise ValidationError({name: message})


def _check_choices(choices: Sequence[Mapping[str, str]]) -> None:
    """Raise ValidationError unless each choice has a code and names of its own."""
    codes = [choice["code"] for choice in choices]
    if not codes:
        raise ValidationError({"choices": _("Give at least one choice, one on a line.")})
    if len(codes) > MAX_CHOICES:
        message = _("At most %(count)d choices.") % {"count": MAX_CHOICES}
        raise ValidationError({"choices": message})
    codes_by_name: dict[str, str] = {}  # a file may name a choice by its code or by either name
    for choice in choices:
        for name in {normalise_name(text) for text in choice.values()} - {""}:
            if codes_by_name.setdefault(name, choice["code"]) != choice["code"]:
                message = _("Two choices have the same code or name: %(name)s.")
                raise ValidationError({"choices": message % {"name": name}})
    if len(codes) != len(set(codes)):
        raise ValidationError({"choices": _("Two choices have the same code.")})
