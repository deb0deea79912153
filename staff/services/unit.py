"""All writes to the organisation tree.

Database triggers set the path of a saved unit and of the units below it (``accounts.models.unit``).
"""

from typing import Any

from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from core.writing import (
    ConstraintMessage,
    constraint_messages,
    lock_tree,
    require_known_fields,
    require_visible,
)

EDITABLE_FIELDS = frozenset({"code", "name_zh", "name_en", "kind", "parent"})
TREE_LOCK = "accounts_orgunit_tree"  # the name of the lock that all changes of the tree take
CONSTRAINTS = {
    "accounts_orgunit_code_key": ConstraintMessage("code", gettext_lazy("This code is taken.")),
    "accounts_orgunit_no_cycle": ConstraintMessage(
        "parent", gettext_lazy("A unit cannot lie below itself.")
    ),
    "accounts_orgunit_one_root": ConstraintMessage(
        "parent", gettext_lazy("There is one head office; say what this belongs to.")
    ),
}


def save_unit(*, actor: User, unit_id: int | None = None, **values: Any) -> OrgUnit:
    """Create a unit, or change the one with ``unit_id``; another parent moves its subtree too.

    ``values`` are fields of EDITABLE_FIELDS. Raises PermissionDenied, OrgUnit.DoesNotExist (also
    for a unit the actor may not see), or ValidationError naming the field.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    require_known_fields(values, EDITABLE_FIELDS, "unit")
    with audited_transaction(actor, Action.UNIT_UPDATE if unit_id else Action.UNIT_CREATE):
        lock_tree(TREE_LOCK)
        unit = OrgUnit() if unit_id is None else OrgUnit.objects.visible_to(actor).get(pk=unit_id)
        require_visible(actor, values)
        for name, value in values.items():
            setattr(unit, name, value)
        unit.full_clean(exclude=["path"], validate_unique=False, validate_constraints=False)
        with constraint_messages(CONSTRAINTS):
            if unit_id is None:
                unit.save()
            else:
                # Saving every field would write back the path that was read before.
                unit.save(update_fields=sorted(values))
        unit.refresh_from_db()  # reads the path that the trigger has set
    return unit
