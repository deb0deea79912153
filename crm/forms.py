"""What people type about a customer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.record_form import RecordForm
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.models.customer import Stage
from crm.services.customer import PLACEMENT


class CustomerForm(RecordForm):
    """A customer's fields, for the user who fills them in: choices are what they may choose.

    Owner and unit are asked only of those who may give customers away. A changed grade takes a
    reason.
    """

    def __init__(self, user: User, *, customer: Customer | None = None, data: Any = None) -> None:
        initial = {"stage": Stage.POTENTIAL, "unit": user.unit_id} if customer is None else {}
        super().__init__(
            user, _fields_for(user, customer), record=customer, data=data, initial=initial
        )
        if customer is not None:
            self.fields["reason"] = forms.CharField(
                label=_("reason for the grade"),
                max_length=200,
                required=False,
                help_text=_("Asked for when the grade changes; kept in the history."),
            )
            order = list(self.declared)
            order.insert(order.index("grade") + 1, "reason")
            self.order_fields(order)

    def clean_name(self) -> str:
        """Join runs of white space, which people paste and nobody sees."""
        return " ".join(self.cleaned_data["name"].split())


def _fields_for(user: User, customer: Customer | None) -> list[FieldDeclaration]:
    """Return the fields the form has: of custom ones those the customer's category has.

    A new customer has no category yet: its form offers all of them.
    """
    category = None if customer is None else CUSTOMER.category_of(customer)
    return [
        field
        for field in CUSTOMER.fields_for(user)
        if (field.name not in PLACEMENT or user.may(Permission.CUSTOMER_REASSIGN))
        and (customer is None or field.applies_to(category))
    ]
