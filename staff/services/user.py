"""Creating and changing users, for administrators.

What users change in their own account is in ``staff.services.profile``; allauth's page changes
their password.
"""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from core.writing import (
    ConstraintMessage,
    constraint_messages,
    get_locked,
    require_known_fields,
    require_visible,
)
from staff.services.role import PERMISSIONS_ONE_CANNOT_REMOVE_FROM_ONESELF

EDITABLE_FIELDS = frozenset(
    {
        "employee_number", "name", "unit", "role", "manager",
        "phone", "language", "is_active", "is_service",
    }
)  # fmt: skip
CONSTRAINTS = {
    "accounts_user_employee_number_unique": ConstraintMessage(
        "employee_number", gettext_lazy("This employee number is taken.")
    ),
    "accounts_user_employee_number_form": ConstraintMessage(
        "employee_number", gettext_lazy("Letters, digits and . _ - only, a letter or digit first.")
    ),
    "accounts_user_not_own_manager": ConstraintMessage(
        "manager", gettext_lazy("Nobody is their own manager.")
    ),
}


def save_user(
    *, actor: User, user_id: int | None = None, password: str | None = None, **values: Any
) -> User:
    """Create a user, or change the one with ``user_id``; set ``password`` unless it is empty.

    ``values`` are fields of EDITABLE_FIELDS; ``unit``, ``role`` and ``manager`` are records. Raises
    PermissionDenied, User.DoesNotExist (also for a user the actor may not see), or ValidationError
    naming the field.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    require_known_fields(values, EDITABLE_FIELDS, "user")
    with audited_transaction(actor, Action.USER_UPDATE if user_id else Action.USER_CREATE):
        visible = User.objects.visible_to(actor)
        user = User() if user_id is None else get_locked(visible, user_id)
        require_visible(actor, values)
        for name, value in values.items():
            setattr(user, name, value)
        _require_own_access(actor, user)
        # After the values are set: it reads is_service, and the validators get the changed user.
        _set_password(user, password)
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        with constraint_messages(CONSTRAINTS):
            user.save()
    return user


def _require_own_access(actor: User, user: User) -> None:
    """Raise ValidationError if administrators would lock themselves out by this change.

    They could not undo it: a closed account cannot sign in, and the new role may lack permissions.
    """
    if user.pk != actor.pk:
        return
    if not user.is_active:
        raise ValidationError({"is_active": _("Nobody closes their own account.")})
    if not set(user.role.permissions) >= PERMISSIONS_ONE_CANNOT_REMOVE_FROM_ONESELF:
        raise ValidationError({"role": _("With this role you could not undo it yourself.")})


def _set_password(user: User, password: str | None) -> None:
    """Validate and set ``password`` on the unsaved ``user``; without one, keep the stored one.

    A service account, and a new user without a password, get an unusable one: with it nobody can
    sign in. Raises ValidationError.
    """
    if user.is_service and password:
        raise ValidationError(
            {"is_service": _("A service account has no password; give it a key.")}
        )
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValidationError({"password": error.messages}) from error
        user.set_password(password)
    elif user.is_service or user.pk is None:
        user.set_unusable_password()
