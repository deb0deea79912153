"""Every write to the reference lists: industries, sources, categories, grades, billing systems.

The administration pages call these functions with the model of the list.
"""

from typing import Any, TypeVar

from django.db.models import PROTECT, QuerySet
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.models import CustomField
from core.writing import ConstraintMessage, constraint_messages, require_known_fields
from crm.models.reference import Category, ReferenceEntry

# Only industries have a parent.
EDITABLE_FIELDS = frozenset({"code", "name_zh", "name_en", "position", "is_active", "parent"})

R = TypeVar("R", bound=ReferenceEntry)


def save_reference(model: type[R], *, actor: User, entry_id: int | None = None, **values: Any) -> R:
    """Add an entry to the list ``model``, or change the one with ``entry_id``; return it.

    ``values`` are those of EDITABLE_FIELDS; fields without one stay unchanged. Raises
    PermissionDenied; the model's DoesNotExist; ValidationError under the field's name; RefusedError
    ``in_use`` for a new code of a category that a custom field names; and TypeError for a name that
    is not in EDITABLE_FIELDS.
    """
    authorise(actor, Permission.REFERENCE_MANAGE)
    require_known_fields(values, EDITABLE_FIELDS, model.__name__)
    action = Action.REFERENCE_CREATE if entry_id is None else Action.REFERENCE_UPDATE
    with audited_transaction(actor, action):
        entry = model() if entry_id is None else _get_locked(model, entry_id)
        if entry_id is not None and values.get("code", entry.code) != entry.code:
            _require_no_custom_field(entry)
        for name, value in values.items():
            setattr(entry, name, value)
        entry.full_clean(validate_unique=False)  # the database checks that the code is unique
        code_taken = ConstraintMessage("code", _("This code is taken."))
        with constraint_messages({f"{model._meta.db_table}_code_key": code_taken}):  # noqa: SLF001
            entry.save()
    return entry


def delete_reference(model: type[ReferenceEntry], *, actor: User, entry_id: int) -> None:
    """Delete an entry of the list ``model`` that no record and no custom field refers to.

    Raises PermissionDenied, the model's DoesNotExist, or RefusedError ``in_use``. An entry in use
    can be deactivated instead (``is_active``): it stays with its records, and forms do not offer it
    for others.
    """
    authorise(actor, Permission.REFERENCE_MANAGE)
    with audited_transaction(actor, Action.REFERENCE_DELETE):
        # The lock prevents new references to the entry between the check and the deletion.
        entry = _get_locked(model, entry_id)
        _require_no_custom_field(entry)
        if _is_used(entry):
            message = _("%(entry)s is in use. Stop offering it for new records instead.")
            raise RefusedError("in_use", message % {"entry": entry})
        entry.delete()


def _get_locked(model: type[R], entry_id: int) -> R:
    return QuerySet(model).select_for_update(of=["self"]).get(pk=entry_id)


def _require_no_custom_field(entry: ReferenceEntry) -> None:
    """Raise RefusedError ``in_use`` if the entry is a category that a custom field is limited to.

    Custom fields name categories by code, without a foreign key that would protect the entry.
    """
    limited_fields = CustomField.objects.filter(categories__contains=[entry.code])
    if isinstance(entry, Category) and limited_fields.exists():
        message = _("%(entry)s limits a custom field. Change that field first.")
        raise RefusedError("in_use", message % {"entry": entry})


def _is_used(entry: ReferenceEntry) -> bool:
    """Return whether a row refers to the entry by a foreign key that protects it."""
    return any(
        QuerySet(relation.related_model).filter(**{relation.field.name: entry}).exists()
        for relation in entry._meta.related_objects  # noqa: SLF001 (Django documents _meta)
        if relation.on_delete is PROTECT
    )
