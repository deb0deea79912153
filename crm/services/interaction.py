"""Every write to an interaction by the browser, the API and the administration.

The functions authorise the actor, work in an audited transaction, and accept all declared fields,
custom ones included. ``crm.services.importing`` follows the same rules in SQL.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from core.record_values import RecordValues
from core.writing import ConstraintMessage, constraint_messages, get_locked, require_version
from crm.fields import INTERACTION
from crm.models import Interaction
from crm.models.interaction import PHASE_BY_STAGE

MAX_FUTURE = timedelta(minutes=10)  # the clocks of other systems may be ahead
# Messages for violations of the model's constraints, by name of the constraint. Whether next step
# and date are both given is checked here, because the message must be at the one that is missing.
CONSTRAINTS = {
    "crm_interaction_content_not_blank": ConstraintMessage(
        "content", gettext_lazy("Write what was said.")
    ),
}


def log_interaction(*, actor: User, **values: Any) -> Interaction:
    """Create an interaction and return it; ``values`` has the values of declared fields by name.

    The default user is the actor, the default time is now, and the default phase is that of the
    customer's stage. Raises PermissionDenied; ValidationError under the field's name; and TypeError
    for a name that is no field.
    """
    authorise(actor, Permission.INTERACTION_LOG)
    record_values = RecordValues(INTERACTION, actor)
    values.setdefault("user", actor)
    interaction = Interaction()
    with audited_transaction(actor, Action.INTERACTION_LOG):
        cleaned = record_values.clean(values)
        _authorise_user(cleaned, actor=actor)
        customer = cleaned.get("customer")
        if cleaned.get("phase") is None and customer is not None:
            cleaned["phase"] = PHASE_BY_STAGE[customer.stage]
        record_values.assign(interaction, cleaned)
        record_values.require_custom_values(interaction)
        _check(interaction)
        _save(interaction)
    return interaction


def update_interaction(
    *, interaction_id: int, actor: User, version: int | None = None, **changes: Any
) -> Interaction:
    """Change the given fields of an interaction and return it; ``changes`` are values by name.

    ``version`` is the version that the change is based on; None skips the check. If no value
    differs, nothing is written.

    Raises StaleError if the version is not current; Interaction.DoesNotExist if the actor may not
    see the interaction; PermissionDenied; ValidationError under the field's name; and TypeError for
    a name that is no field.
    """
    authorise(actor, Permission.INTERACTION_LOG)
    record_values = RecordValues(INTERACTION, actor)
    with audited_transaction(actor, Action.INTERACTION_UPDATE):
        interaction = get_locked(Interaction.objects.visible_to(actor), interaction_id)
        _authorise_change(interaction, actor=actor)
        require_version(interaction, version)
        changed = record_values.changed(interaction, record_values.clean(changes))
        if changed:
            _authorise_user(changed, actor=actor)
            record_values.assign(interaction, changed)
            record_values.require_custom_values(interaction, changed)
            _check(interaction)
            interaction.version += 1
            _save(interaction)
    return interaction


def delete_interaction(*, interaction_id: int, actor: User, version: int | None = None) -> None:
    """Delete an interaction. The history keeps its last state.

    Raises StaleError, Interaction.DoesNotExist and PermissionDenied as ``update_interaction`` does.
    """
    authorise(actor, Permission.INTERACTION_LOG)
    with audited_transaction(actor, Action.INTERACTION_DELETE):
        interaction = get_locked(Interaction.objects.visible_to(actor), interaction_id)
        _authorise_change(interaction, actor=actor)
        require_version(interaction, version)
        interaction.delete()


def may_change(actor: User, interaction: Interaction) -> bool:
    """Return whether the actor, who may see the interaction, may change and delete it."""
    if not actor.may(Permission.INTERACTION_LOG):
        return False
    return interaction.user_id == actor.pk or actor.may(Permission.INTERACTION_MANAGE)


def _authorise_change(interaction: Interaction, *, actor: User) -> None:
    """Raise PermissionDenied unless it is the actor's own, or the actor may manage others'."""
    if not may_change(actor, interaction):
        raise PermissionDenied(Permission.INTERACTION_MANAGE.value)


def _authorise_user(values: Mapping[str, Any], *, actor: User) -> None:
    """Raise PermissionDenied if the actor may not say that this user spoke with the customer."""
    if "user" in values and values["user"] not in {None, actor}:
        authorise(actor, Permission.INTERACTION_MANAGE)


def _check(interaction: Interaction) -> None:
    """Raise ValidationError for a time in the future, and for a next step without a date."""
    if interaction.occurred_at > timezone.now() + MAX_FUTURE:
        raise ValidationError({"occurred_at": _("This lies in the future. Plan it as next step.")})
    if interaction.next_step.strip() and interaction.next_step_on is None:
        raise ValidationError({"next_step_on": _("When is the next step?")})
    if interaction.next_step_on is not None and not interaction.next_step.strip():
        raise ValidationError({"next_step": _("What is the next step?")})


def _save(interaction: Interaction) -> None:
    """Save; raise ValidationError for the violation of a constraint in CONSTRAINTS."""
    with constraint_messages(CONSTRAINTS):
        interaction.save()
