"""What people type about a customer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.record_form import RecordForm
from crm.fields import CUSTOMER
from crm.models import Category, Customer
from crm.models.customer import Stage
from crm.services.customer import PLACEMENT


class CustomerForm(RecordForm):
    """A customer's fields, for the user who fills them in: choices are what they may choose.

    Owner and unit are asked only of those who may give customers away. A changed grade takes a
    reason.
    """

    def __init__(self, user: User, *, customer: Customer | None = None, data: Any = None) -> None:
        initial = {"stage": Stage.POTENTIAL, "unit": user.unit_id} if customer is None else {}
        super().__init__(user, _fields_for(user), record=customer, data=data, initial=initial)
        self._limit_to_categories()
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

    def _limit_to_categories(self) -> None:
        """Tell the page which fields the chosen category has: it hides the others at once.

        Without scripts all are shown, and the service refuses a value the category does not have.
        """
        limited = {name: field for name, field in self.declared.items() if field.categories}
        if not limited:
            return
        ids = dict(Category.objects.values_list("code", "pk"))
        for name, field in limited.items():
            allowed = sorted(ids[code] for code in field.categories if code in ids)
            self.fields[name].widget.attrs["data-only-for"] = " ".join(map(str, allowed))

    def clean_name(self) -> str:
        """Join runs of white space, which people paste and nobody sees."""
        return " ".join(self.cleaned_data["name"].split())


def _fields_for(user: User) -> list[FieldDeclaration]:
    """Return the fields ``user`` may see; owner and unit only for who may give customers away."""
    return [
        field
        for field in CUSTOMER.fields_for(user)
        if field.name not in PLACEMENT or user.may(Permission.CUSTOMER_REASSIGN)
    ]
