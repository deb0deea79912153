"""Every write to the organisation tree. The database keeps the paths (see the model's triggers)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

from accounts.acting import authorise, recorded
from accounts.models import OrgUnit, User
from accounts.permissions import Permission

EDITABLE = frozenset({"code", "name_zh", "name_en", "kind", "parent"})


def save_unit(*, actor: User, unit_id: int | None = None, **values: Any) -> OrgUnit:
    """Create a unit, or change or move the one with ``unit_id``; its whole subtree moves along.

    Raises PermissionDenied, OrgUnit.DoesNotExist, or ValidationError naming the field.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    unknown = values.keys() - EDITABLE
    if unknown:
        raise TypeError(f"not a field of a unit: {sorted(unknown)}")
    with recorded(actor, "unit.update" if unit_id else "unit.create"):
        _lock_tree()
        unit = OrgUnit() if unit_id is None else OrgUnit.objects.visible_to(actor).get(pk=unit_id)
        parent = values.get("parent")
        if parent and not OrgUnit.objects.visible_to(actor).filter(pk=parent.pk).exists():
            raise ValidationError({"parent": _("Not found or not yours")})
        for name, value in values.items():
            setattr(unit, name, value)
        unit.full_clean(exclude=["path"], validate_constraints=False)
        try:
            # The path is the database's: never write back the one read before the move.
            unit.save() if unit_id is None else unit.save(update_fields=sorted(values))
        except IntegrityError as error:
            raise _explained(error) from error
        unit.refresh_from_db()
    return unit


def _lock_tree() -> None:
    """Two moves at once could close a circle that neither sees: one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts_orgunit_tree'))")


def _explained(error: IntegrityError) -> ValidationError:
    problem = str(error)
    if "cannot lie below itself" in problem:
        return ValidationError({"parent": _("A unit cannot lie below itself.")})
    if "one_root" in problem:
        return ValidationError({"parent": _("There is one head office; say what this belongs to.")})
    return ValidationError(_("The database refused this: %(problem)s") % {"problem": problem})
