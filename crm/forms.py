"""Forms: a customer, an interaction, and the options of an import."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.record_form import RecordForm
from crm.fields import CUSTOMER, INTERACTION
from crm.models import BillingSystem, Category, Customer, Interaction
from crm.models.customer import Stage
from crm.models.interaction import PHASE_BY_STAGE, Direction, Phase
from crm.selectors.interactions import last_channel
from crm.services.customer import PLACEMENT_FIELDS
from crm.services.importing.options import DEFAULT_SYSTEM


class CustomerForm(RecordForm):
    """The declared fields of a customer that the user may see; with a customer also the reason.

    The service asks for a reason only if the grade changes. Only users who may reassign customers
    get the fields owner and unit.
    """

    def __init__(self, user: User, *, customer: Customer | None = None, data: Any = None) -> None:
        initial = {"stage": Stage.POTENTIAL, "unit": user.unit_id} if customer is None else {}
        super().__init__(user, _fields_for(user), record=customer, data=data, initial=initial)
        self._mark_fields_with_categories()
        if customer is not None:
            self.fields["reason"] = forms.CharField(
                label=_("reason for the grade"),
                max_length=200,
                required=False,
                help_text=_("Asked for when the grade changes; kept in the history."),
            )
            order = list(self.declarations)
            order.insert(order.index("grade") + 1, "reason")
            self.order_fields(order)

    def _mark_fields_with_categories(self) -> None:
        """Add the ids of a field's categories to its input, for ``static/js/categories.js``.

        The script hides the field while another category is selected. Without scripts all fields
        are shown, and the service refuses a value of a field that the category does not have.
        """
        limited_fields = {
            name: field for name, field in self.declarations.items() if field.categories
        }
        if not limited_fields:
            return
        ids_by_code = dict(Category.objects.values_list("code", "pk"))
        for name, field in limited_fields.items():
            ids = sorted(ids_by_code[code] for code in field.categories if code in ids_by_code)
            self.fields[name].widget.attrs["data-only-for"] = " ".join(map(str, ids))

    def clean_name(self) -> str:
        """Replace runs of white space, which pasted names often have, by one space."""
        return " ".join(self.cleaned_data["name"].split())


def _fields_for(user: User) -> list[FieldDeclaration]:
    """Return the fields ``user`` may see; owner and unit only for users who may reassign."""
    return [
        field
        for field in CUSTOMER.fields_for(user)
        if field.name not in PLACEMENT_FIELDS or user.may(Permission.CUSTOMER_REASSIGN)
    ]


class InteractionForm(RecordForm):
    """The declared fields of an interaction that the user may see.

    With a ``customer`` it is the quick form of the customer page, which logs an interaction of that
    customer; ``preset`` is the customer that the form of a new one shows. Only users who may manage
    interactions choose by whom it was.
    """

    def __init__(
        self,
        user: User,
        *,
        customer: Customer | None = None,
        preset: Customer | None = None,
        interaction: Interaction | None = None,
        data: Any = None,
    ) -> None:
        left_out = {"customer"} if customer is not None else set()
        if customer is not None or not user.may(Permission.INTERACTION_MANAGE):
            left_out.add("user")
        fields = [field for field in INTERACTION.fields_for(user) if field.name not in left_out]
        initial = {} if interaction is not None else _new_interaction(user, customer or preset)
        super().__init__(user, fields, record=interaction, data=data, initial=initial)
        if interaction is None:
            # The form also sends the time that it showed first: see ``values``.
            self.fields["occurred_at"].show_hidden_initial = True
            if customer is None and preset is None:
                self._offer_phase_of_stage()
        self.fields["content"].error_messages["required"] = _("Write what was said.")
        self.fields["content"].widget.attrs |= {
            "rows": 2 if customer is not None else 5,
            "placeholder": _("What was said?"),
        }

    def _offer_phase_of_stage(self) -> None:
        """Offer to leave the phase to the service, while the form does not know the customer."""
        phase = cast("forms.ChoiceField", self.fields["phase"])
        phase.required = False
        phase.choices = [("", _("That of the customer's stage")), *Phase.choices]

    def values(self) -> dict[str, Any]:
        """Return the values for the service; without a time that the user has left as it was.

        The service then takes the time of saving, as the page may have been open for an hour.
        """
        values = super().values()
        if self.record is None and "occurred_at" not in self.changed_data:
            values.pop("occurred_at", None)
        return values


def _new_interaction(user: User, customer: Customer | None) -> dict[str, Any]:
    """Return what the form of a new interaction shows first."""
    initial: dict[str, Any] = {
        "channel": last_channel(user),
        "direction": Direction.OUTBOUND,
        "occurred_at": timezone.now(),
        "user": user.pk,
    }
    if customer is not None:
        initial |= {"customer": customer.pk, "phase": PHASE_BY_STAGE[Stage(customer.stage)]}
    return initial


def _system_field() -> forms.ModelChoiceField[BillingSystem]:
    return forms.ModelChoiceField(
        label=_("Source system"),
        queryset=BillingSystem.objects.filter(is_active=True),
        to_field_name="code",
        initial=DEFAULT_SYSTEM,
        empty_label=None,
        help_text=_("Sending the same rows of a system again changes nothing."),
    )


class ImportForm(forms.Form):
    """The options of every import. The file itself is read by ``core.files.uploads``."""

    dry_run = forms.BooleanField(
        label=_("Check only"),
        required=False,
        initial=True,
        help_text=_("Shows what would happen and stores nothing. The import follows by one click."),
    )

    def __init__(self, _user: User, *, data: Any = None) -> None:
        super().__init__(data)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the import's job."""
        return {"dry_run": self.cleaned_data["dry_run"]}


class InteractionImportForm(ImportForm):
    """Also asks for the system that the interactions come from."""

    system = _system_field()
    field_order = ("system", "dry_run")

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the import's job."""
        return super().parameters | {"system": self.cleaned_data["system"].code}


class CustomerImportForm(ImportForm):
    """Also asks for the unit of new customers."""

    unit = forms.ModelChoiceField[OrgUnit](
        label=_("Unit of new customers"), queryset=None, required=False
    )
    field_order: Sequence[str] = ("unit", "dry_run")

    def __init__(self, user: User, *, data: Any = None) -> None:
        super().__init__(user, data=data)
        unit = cast("forms.ModelChoiceField[OrgUnit]", self.fields["unit"])
        unit.queryset = OrgUnit.objects.visible_to(user)
        unit.empty_label = str(user.unit.name)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the import's job."""
        unit = self.cleaned_data["unit"]
        return super().parameters | {"unit": unit.code if unit else ""}


class TransactionImportForm(CustomerImportForm):
    """Also asks for the billing system, and whether to create customers that do not exist."""

    system = _system_field()
    create_customers = forms.BooleanField(
        label=_("Create customers that do not exist"),
        required=False,
        help_text=_("Otherwise their rows are rejected."),
    )
    field_order = ("system", "create_customers", "unit", "dry_run")

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the import's job."""
        return super().parameters | {
            "system": self.cleaned_data["system"].code,
            "create_customers": self.cleaned_data["create_customers"],
        }
