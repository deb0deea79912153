"""Every write to a customer by the browser, the API and the administration.

Both functions authorise the actor, work in an audited transaction, and accept all declared fields,
custom ones included (under their names, such as ``custom_staff``). ``crm.services.importing``
follows the same rules in SQL.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from core.fields.declarations import FieldDeclaration, clean_value, fields_by_name
from core.writing import (
    ConstraintMessage,
    constraint_messages,
    get_locked,
    lock_tree,
    require_known_fields,
    require_version,
    require_visible,
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

FieldsByName = Mapping[str, FieldDeclaration]


def create_customer(*, actor: User, **values: Any) -> Customer:
    """Create a customer and return it; ``values`` has the values of declared fields by name.

    The default unit is the actor's. The default owner is the actor if they see only their own
    customers, otherwise nobody. Raises PermissionDenied; ValidationError under the field's name;
    and TypeError for a name that is no field.
    """
    authorise(actor, Permission.CUSTOMER_EDIT)
    fields = fields_by_name(CUSTOMER.all_fields())
    require_known_fields(values, fields, CUSTOMER.name)
    values.setdefault("unit", actor.unit)
    if actor.access_level == DataAccessLevel.OWN:
        values.setdefault("owner", actor)
    customer = Customer()
    with audited_transaction(actor, Action.CUSTOMER_CREATE):
        if "parent" in values:
            lock_tree(CUSTOMER_TREE)
        values = _clean_values(values, fields, actor=actor)
        _authorise_placement(values, actor=actor, is_new=True)
        _assign_and_validate(customer, values, fields)
        _require_custom_values(customer, fields.values())
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
    fields = fields_by_name(CUSTOMER.all_fields())
    require_known_fields(changes, fields, CUSTOMER.name)
    with audited_transaction(actor, Action.CUSTOMER_UPDATE, reason=reason):
        if "parent" in changes:
            lock_tree(CUSTOMER_TREE)
        customer = get_locked(Customer.objects.visible_to(actor), customer_id)
        require_version(customer, version)
        values = _clean_values(changes, fields, actor=actor)
        changed = _changed_fields(customer, values, fields, actor=actor)
        if "grade" in changed and not reason.strip():
            raise ValidationError({"reason": _("Say why the grade changes.")})
        if changed:
            _authorise_placement(changed, actor=actor, is_new=False)
            _assign_and_validate(customer, changed, fields)
            # A changed category may require other fields than before.
            fields_to_check = (
                fields.values() if "category" in changed else [fields[name] for name in changed]
            )
            _require_custom_values(customer, fields_to_check)
            customer.version += 1
            _save(customer)
    return customer


def _clean_values(
    values: Mapping[str, Any], fields: FieldsByName, *, actor: User
) -> dict[str, Any]:
    """Return the values as values of their fields' kinds, None for blank ones.

    Raises ValidationError for an invalid value, and for a record or a field hidden from the actor.
    """
    require_visible(actor, values)
    cleaned = {}
    for name, value in values.items():
        if not fields[name].may_be_seen_by(actor):
            raise ValidationError({name: _("Not allowed for your role")})
        cleaned[name] = clean_value(fields[name], value)
    return cleaned


def _changed_fields(
    customer: Customer, values: Mapping[str, Any], fields: FieldsByName, *, actor: User
) -> dict[str, Any]:
    """Return the values that differ from the customer's.

    A parent the actor may not see is shown to them as empty. None therefore removes the parent only
    if the actor may see it.
    """
    changed = {
        name: value for name, value in values.items() if fields[name].value_of(customer) != value
    }
    if "parent" in changed and changed["parent"] is None:
        visible = Customer.objects.visible_to(actor)
        if not visible.filter(subsidiaries=customer).exists():
            del changed["parent"]
    return changed


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


def _assign_and_validate(
    customer: Customer, values: Mapping[str, Any], fields: FieldsByName
) -> None:
    """Assign the values, which are clean, without saving.

    Raises ValidationError for a value of a field that the customer's category does not have, and
    for what the model's own validation refuses.
    """
    for name, value in values.items():
        fields[name].assign(customer, value)
    category = CUSTOMER.category_of(customer)
    for name, value in values.items():
        if value is not None and not fields[name].applies_to(category):
            message = _("Customers of this category do not have this field.")
            raise ValidationError({name: message})
    # Left out here: the database checks uniqueness and constraints (see CONSTRAINTS), and
    # _clean_values has checked the parent and the custom values.
    customer.full_clean(
        exclude=["parent", "custom_values"], validate_unique=False, validate_constraints=False
    )


def _require_custom_values(customer: Customer, fields: Iterable[FieldDeclaration]) -> None:
    """Raise ValidationError for the first of ``fields`` that is required and has no value.

    Only custom fields that the customer's category has are checked.
    """
    category = CUSTOMER.category_of(customer)
    for field in fields:
        is_missing = field.is_custom and field.required and field.value_of(customer) is None
        if is_missing and field.applies_to(category):
            raise ValidationError({field.name: _("This field is required.")})


def _save(customer: Customer) -> None:
    """Save; raise ValidationError for the violation of a constraint in CONSTRAINTS."""
    with constraint_messages(CONSTRAINTS):
        customer.save()
