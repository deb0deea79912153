"""Every write to a customer by the browser, the API and the administration.

Both functions authorise the actor, work in an audited transaction, and accept all declared fields,
custom ones included (under their names, such as ``custom_staff``). ``crm.services.importing``
follows the same rules in SQL.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from core.record_values import RecordValues
from core.writing import (
    ConstraintMessage,
    constraint_messages,
    get_locked,
    lock_tree,
    require_version,
)
from crm.fields import CUSTOMER
from crm.models import Customer

PLACEMENT_FIELDS = frozenset({"owner", "unit"})  # they decide who sees the customer
CUSTOMER_TREE = "crm_customer_tree"  # name of the lock for changes of parents
_CYCLE_MESSAGE = gettext_lazy("A customer cannot belong to itself or to its own subsidiary.")
# Messages for violations of the model's constraints, by name of the constraint.
CONSTRAINTS = {
    # The message is the same whether the user may see the existing customer or not.
    "crm_customer_code_key": ConstraintMessage(
        "code",
        gettext_lazy("This customer code exists already; if you cannot find it, ask head office."),
    ),
    "crm_customer_code_form": ConstraintMessage(
        "code", gettext_lazy("Letters, digits and . _ / -")
    ),
    "crm_customer_name_not_blank": ConstraintMessage(
        "name", gettext_lazy("Give the customer a name.")
    ),
    "crm_customer_no_cycle": ConstraintMessage("parent", _CYCLE_MESSAGE),
    "crm_customer_not_own_parent": ConstraintMessage("parent", _CYCLE_MESSAGE),
}


def create_customer(*, actor: User, **values: Any) -> Customer:
    """Create a customer and return it; ``values`` has the values of declared fields by name.

    The default unit is the actor's. The default owner is the actor if they see only their own
    customers, otherwise nobody. Raises PermissionDenied; ValidationError under the field's name;
    and TypeError for a name that is no field.
    """
    authorise(actor, Permission.CUSTOMER_EDIT)
    record_values = RecordValues(CUSTOMER, actor)
    values.setdefault("unit", actor.unit)
    if actor.access_level == DataAccessLevel.OWN:
        values.setdefault("owner", actor)
    customer = Customer()
    with audited_transaction(actor, Action.CUSTOMER_CREATE):
        if "parent" in values:
            lock_tree(CUSTOMER_TREE)
        values = record_values.clean(values)
        _authorise_placement(values, actor=actor, is_new=True)
        record_values.assign(customer, values)
        record_values.require_custom_values(customer)
        _save(customer)
    return customer


def update_customer(
    *, customer_id: int, actor: User, version: int | None = None, reason: str = "", **changes: Any
) -> Customer:
    """Change the given fields of a customer and return it; ``changes`` has the values by name.

    ``version`` is the version that the change is based on; None skips the check. A changed grade
    needs a ``reason``. If no value differs, nothing is written.

    Raises StaleError if the version is not current; Customer.DoesNotExist if the actor may not see
    the customer; PermissionDenied; ValidationError under the field's name (or ``reason``); and
    TypeError for a name that is no field.
    """
    authorise(actor, Permission.CUSTOMER_EDIT)
    record_values = RecordValues(CUSTOMER, actor)
    with audited_transaction(actor, Action.CUSTOMER_UPDATE, reason=reason):
        if "parent" in changes:
            lock_tree(CUSTOMER_TREE)
        customer = get_locked(Customer.objects.visible_to(actor), customer_id)
        require_version(customer, version)
        changed = record_values.changed(customer, record_values.clean(changes))
        if "grade" in changed and not reason.strip():
            raise ValidationError({"reason": _("Say why the grade changes.")})
        if changed:
            _authorise_placement(changed, actor=actor, is_new=False)
            record_values.assign(customer, changed)
            # A changed category may require other fields than before.
            record_values.require_custom_values(
                customer, None if "category" in changed else changed
            )
            customer.version += 1
            _save(customer)
    return customer


def _authorise_placement(values: Mapping[str, Any], *, actor: User, is_new: bool) -> None:
    """Raise PermissionDenied if the actor may not set this owner and unit.

    Without the permission to reassign, the actor may only create customers of their own, or without
    an owner, in their own unit.
    """
    unit, owner = values.get("unit"), values.get("owner")
    is_own_new_customer = is_new and owner in {None, actor} and unit in {None, actor.unit}
    if (
        PLACEMENT_FIELDS & values.keys()
        and not is_own_new_customer
        and not actor.may(Permission.CUSTOMER_REASSIGN)
    ):
        raise PermissionDenied(Permission.CUSTOMER_REASSIGN.value)


def _save(customer: Customer) -> None:
    """Save; raise ValidationError for the violation of a constraint in CONSTRAINTS."""
    with constraint_messages(CONSTRAINTS):
        customer.save()
