"""Every write to users, roles and keys that the administrator makes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import authorise, recorded
from accounts.models import ApiKey, OrgUnit, Role, User
from accounts.permissions import Permission

EDITABLE = frozenset(
    {
        "employee_number", "name", "unit", "role", "manager",
        "phone", "language", "is_active", "is_service",
    }
)  # fmt: skip

ROLE_EDITABLE = frozenset({"code", "name_zh", "name_en", "depth", "permissions"})
KEPT_BY_ONES_OWN_ROLE = {Permission.STAFF_MANAGE.value, Permission.ADMIN_ENTER.value}


def save_user(
    *, actor: User, user_id: int | None = None, password: str | None = None, **values: Any
) -> User:
    """Open an account, or change the one with ``user_id``; ``password`` is set when given.

    Raises PermissionDenied, User.DoesNotExist, or ValidationError naming the field.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    unknown = values.keys() - EDITABLE
    if unknown:
        raise TypeError(f"not a field of a user: {sorted(unknown)}")
    with recorded(actor, "user.update" if user_id else "user.create"):
        user = User() if user_id is None else _locked(user_id, actor=actor)
        _check_in_view(actor, values)
        for name, value in values.items():
            setattr(user, name, value)
        _keep_in(actor, user)
        _set_password(user, password)
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        try:
            user.save()
        except IntegrityError as error:
            raise _explained(error) from error
    return user


def _explained(error: IntegrityError) -> ValidationError:
    if "not_own_manager" in str(error):
        return ValidationError({"manager": _("Nobody is their own manager.")})
    return ValidationError({"employee_number": _("This employee number is taken.")})


def _locked(user_id: int, *, actor: User) -> User:
    return User.objects.visible_to(actor).select_for_update(of=["self"]).get(pk=user_id)


def _check_in_view(actor: User, values: Mapping[str, Any]) -> None:
    unit, manager = values.get("unit"), values.get("manager")
    if unit and not OrgUnit.objects.visible_to(actor).filter(pk=unit.pk).exists():
        raise ValidationError({"unit": _("Not found or not yours")})
    if manager and not User.objects.visible_to(actor).filter(pk=manager.pk).exists():
        raise ValidationError({"manager": _("Not found or not yours")})


def _keep_in(actor: User, user: User) -> None:
    """Refuse to lock oneself out: somebody else has to do that."""
    if user.pk != actor.pk:
        return
    if not user.is_active:
        raise ValidationError({"is_active": _("Nobody closes their own account.")})
    if Permission.STAFF_MANAGE.value not in user.role.permissions:
        raise ValidationError({"role": _("With this role you could not undo it yourself.")})


def _set_password(user: User, password: str | None) -> None:
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


def save_role(*, actor: User, role_id: int | None = None, **values: Any) -> Role:
    """Create or change a role. Raises PermissionDenied, Role.DoesNotExist or ValidationError."""
    authorise(actor, Permission.STAFF_MANAGE)
    unknown = values.keys() - ROLE_EDITABLE
    if unknown:
        raise TypeError(f"not a field of a role: {sorted(unknown)}")
    with recorded(actor, "role.update" if role_id else "role.create"):
        role = Role() if role_id is None else Role.objects.select_for_update().get(pk=role_id)
        for name, value in values.items():
            setattr(role, name, value)
        if role.pk == actor.role_id and not set(role.permissions) >= KEPT_BY_ONES_OWN_ROLE:
            message = _("Without these you could not undo it yourself: manage staff, enter here.")
            raise ValidationError({"permissions": message})
        role.full_clean()
        role.save()
    return role


def issue_key(*, actor: User, user_id: int, name: str, days: int) -> tuple[ApiKey, str]:
    """Make an API key of ``days`` days for a user and return it with its text, shown only now.

    Raises PermissionDenied, User.DoesNotExist, or ValidationError for an unfit term.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    if not 1 <= days <= 730:
        raise ValidationError({"days": _("Give the key between 1 and 730 days.")})
    with recorded(actor, "key.issue"):
        user = User.objects.visible_to(actor).get(pk=user_id)
        expiry = timezone.now() + timedelta(days=days)
        key, text = ApiKey.objects.issue(user=user, name=name, expiry=expiry)
    return key, text


def revoke_key(*, actor: User, digest: str) -> None:
    """End a key at once. Raises PermissionDenied, or ApiKey.DoesNotExist out of scope."""
    authorise(actor, Permission.STAFF_MANAGE)
    with recorded(actor, "key.revoke"):
        ApiKey.objects.get(digest=digest, user__in=User.objects.visible_to(actor)).delete()
