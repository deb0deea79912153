"""All writes to roles, and granting new permissions after ``migrate``."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import KnownPermission, Role, User
from accounts.permissions import Permission
from accounts.roles import STARTING_ROLES
from common.history import migration_context
from core.writing import ConstraintMessage, constraint_messages, require_known_fields

EDITABLE_FIELDS = frozenset({"code", "name_zh", "name_en", "access_level", "permissions"})
# Without these two, administrators could not open the page on which to give them back.
PERMISSIONS_ONE_CANNOT_REMOVE_FROM_ONESELF = frozenset(
    {Permission.STAFF_MANAGE.value, Permission.ADMIN_ENTER.value}
)
CONSTRAINTS = {
    "accounts_role_code_key": ConstraintMessage("code", gettext_lazy("This code is taken.")),
}


def save_role(*, actor: User, role_id: int | None = None, **values: Any) -> Role:
    """Create a role, or change the one with ``role_id``.

    ``values`` are fields of EDITABLE_FIELDS; ``permissions`` is a list of values of ``Permission``.
    Raises PermissionDenied, Role.DoesNotExist, or ValidationError naming the field.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    require_known_fields(values, EDITABLE_FIELDS, "role")
    with audited_transaction(actor, Action.ROLE_UPDATE if role_id else Action.ROLE_CREATE):
        role = Role() if role_id is None else Role.objects.select_for_update().get(pk=role_id)
        for name, value in values.items():
            setattr(role, name, value)
        _check_permissions(role, actor=actor)
        role.full_clean(validate_unique=False, validate_constraints=False)
        with constraint_messages(CONSTRAINTS):
            role.save()
    return role


def _check_permissions(role: Role, *, actor: User) -> None:
    """Raise ValidationError for unknown permissions, and for removing the actor's own access."""
    unknown = sorted(set(role.permissions) - set(Permission.values))
    if unknown:
        message = _("There is no such permission: %(names)s.") % {"names": ", ".join(unknown)}
        raise ValidationError({"permissions": message})
    required = PERMISSIONS_ONE_CANNOT_REMOVE_FROM_ONESELF
    if role.pk == actor.role_id and not required <= set(role.permissions):
        message = _("Without these you could not undo it yourself: manage staff, enter here.")
        raise ValidationError({"permissions": message})


def grant_new_permissions() -> list[str]:
    """Grant each new permission to the starting roles that name it; return the new permissions.

    A permission is new if it has no ``KnownPermission`` yet. Runs after every ``migrate``. Each
    permission is granted once, so one that an administrator removes from a role stays removed.
    """
    with transaction.atomic(), migration_context():
        known = set(KnownPermission.objects.values_list("code", flat=True))
        new_permissions = [each for each in Permission if each.value not in known]
        # Before the roles: a trigger refuses a role with a permission that is not known.
        KnownPermission.objects.bulk_create(
            KnownPermission(code=each.value) for each in new_permissions
        )
        for starting_role in STARTING_ROLES:
            granted = [each.value for each in new_permissions if each in starting_role.permissions]
            role = Role.objects.select_for_update().filter(code=starting_role.code).first()
            # An administrator may have given the role another code.
            if granted and role is not None:
                codes = {*role.permissions, *granted}
                # In the order of the enum, as the role form sends them.
                role.permissions = [each.value for each in Permission if each.value in codes]
                role.save(update_fields=["permissions"])
    return [permission.value for permission in new_permissions]


def grant_new_permissions_after_migrate(**_signal: object) -> None:
    """Handle Django's ``post_migrate`` signal, which ``staff.apps`` connects.

    ``migrate accounts zero`` sends it too, when the tables do not exist.
    """
    if KnownPermission._meta.db_table in connection.introspection.table_names():  # noqa: SLF001
        grant_new_permissions()
