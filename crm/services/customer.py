"""Every write to a customer. Browser, API, admin and import all come through here."""

from collections.abc import Mapping
from typing import Any

import psycopg2
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import OrgUnit, User
from accounts.permissions import DataAccessLevel, Permission
from common.errors import StaleError
from crm.models import Customer

EDITABLE = frozenset(
    {"code", "name", "industry", "source", "category", "stage", "grade", "owner", "unit", "parent"}
)
PLACEMENT = frozenset({"owner", "unit"})


def create_customer(*, actor: User, **values: Any) -> Customer:
    """Create a customer from ``values`` (keys of EDITABLE).

    Whoever sees only their own customers owns what they create, in their own unit, unless they say
    otherwise. Raises PermissionDenied, or ValidationError naming the field that is wrong.
    """
    authorise(actor, Permission.CUSTOMER_EDIT)
    values.setdefault("unit", actor.unit)
    if actor.access_level == DataAccessLevel.OWN:
        values.setdefault("owner", actor)
    customer = Customer()
    with audited_transaction(actor, Action.CUSTOMER_CREATE):
        if "parent" in values:
            lock_tree()
        _apply(customer, values, actor=actor, new=True)
        _save(customer)
    return customer


def update_customer(
    *, customer_id: int, actor: User, version: int | None = None, reason: str = "", **changes: Any
) -> Customer:
    """Change the given fields of a customer and return it as it now is.

    ``version`` is the version the change was based on; StaleError when somebody was faster. Raises
    Customer.DoesNotExist out of scope, PermissionDenied, or ValidationError naming the field; a
    changed grade takes a reason. A change that changes nothing writes nothing.
    """
    authorise(actor, Permission.CUSTOMER_EDIT)
    with audited_transaction(actor, Action.CUSTOMER_UPDATE, reason=reason):
        if "parent" in changes:
            lock_tree()
        customer = (
            Customer.objects.visible_to(actor).select_for_update(of=["self"]).get(pk=customer_id)
        )
        if version is not None and version != customer.version:
            raise StaleError
        changed = _changed_fields(customer, changes, actor=actor)
        if "grade" in changed and not reason.strip():
            raise ValidationError({"reason": _("Say why the grade changes.")})
        if changed:
            _apply(customer, changed, actor=actor, new=False)
            customer.version += 1
            _save(customer)
    return customer


def _changed_fields(
    customer: Customer, values: Mapping[str, Any], *, actor: User
) -> dict[str, Any]:
    """Return what really changes. A parent out of scope reads as none, so none leaves it there."""
    changed = {name: value for name, value in values.items() if getattr(customer, name) != value}
    visible = Customer.objects.visible_to(actor)
    if (
        changed.get("parent", customer) is None
        and not visible.filter(subsidiaries=customer).exists()
    ):
        del changed["parent"]
    return changed


def _apply(customer: Customer, values: Mapping[str, Any], *, actor: User, new: bool) -> None:
    unknown = values.keys() - EDITABLE
    if unknown:
        raise TypeError(f"not a field of a customer: {sorted(unknown)}")
    _authorise_placement(values, actor=actor, new=new)
    _check_parent(values.get("parent"), actor=actor)
    for name, value in values.items():
        setattr(customer, name, value)
    customer.full_clean(exclude=["parent"], validate_unique=False, validate_constraints=False)


def _authorise_placement(values: Mapping[str, Any], *, actor: User, new: bool) -> None:
    """Owner and unit decide who sees a customer: giving it away takes a permission of its own."""
    unit, owner = values.get("unit"), values.get("owner")
    if unit is not None and not OrgUnit.objects.visible_to(actor).filter(pk=unit.pk).exists():
        raise ValidationError({"unit": _("Not found or not yours")})
    if owner is not None and not User.objects.visible_to(actor).filter(pk=owner.pk).exists():
        raise ValidationError({"owner": _("Not found or not yours")})
    own_new = new and owner in {None, actor} and unit in {None, actor.unit}
    if PLACEMENT & values.keys() and not own_new and not actor.may(Permission.CUSTOMER_REASSIGN):
        raise PermissionDenied(Permission.CUSTOMER_REASSIGN.value)


def _check_parent(parent: Customer | None, *, actor: User) -> None:
    if parent and not Customer.objects.visible_to(actor).filter(pk=parent.pk).exists():
        raise ValidationError({"parent": _("Not found or not yours")})


def lock_tree() -> None:
    """Two moves at once could close a circle that neither sees: one after the other.

    Whoever changes parents takes this before the rows, imports included.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('crm_customer_tree'))")


def _save(customer: Customer) -> None:
    try:
        customer.save()
    except IntegrityError as error:
        known = _validation_error_for(error)
        if known is None:
            raise
        raise known from error


def _validation_error_for(error: IntegrityError) -> ValidationError | None:
    """Put into words which rule of the database was broken, beside the field it is about."""
    cause = error.__cause__
    broken = (cause.diag.constraint_name or "") if isinstance(cause, psycopg2.Error) else ""
    if "customer_code" in broken:
        # The same words for a code of one's own and of another division's: nothing is learnt.
        message = _("This customer code exists already; if you cannot find it, ask head office.")
        return ValidationError({"code": message})
    if broken in {"crm_customer_no_cycle", "crm_customer_not_own_parent"}:
        message = _("A customer cannot belong to itself or to its own subsidiary.")
        return ValidationError({"parent": message})
    if broken == "crm_customer_named":
        return ValidationError({"name": _("Give the customer a name.")})
    return None
