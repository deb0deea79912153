"""Opening a complaint, and each step of working on one."""

from typing import Any, cast

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crm.models import Customer
from satisfaction.models.complaint import TEXT_LENGTH, TITLE_LENGTH

ME, MANAGER = "me", "manager"


class OpenForm(forms.Form):
    """A new complaint. ``owner`` is cleaned to the person who looks after it."""

    customer: "forms.ModelChoiceField[Customer]" = forms.ModelChoiceField(
        label=_("customer"),
        queryset=None,
        error_messages={
            "required": _("Choose the customer who complains."),
            "invalid_choice": _("Not found or not yours"),
        },
    )
    title = forms.CharField(
        label=_("summary"),
        max_length=TITLE_LENGTH,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    description = forms.CharField(
        label=_("what happened"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write down what the customer says has happened.")},
    )
    owner = forms.ChoiceField(
        label=_("looked after by"),
        choices=[(ME, _("Me")), (MANAGER, _("The account manager"))],
        initial=ME,
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.customers = Customer.objects.visible_to(user)
        field = cast("forms.ModelChoiceField[Customer]", self.fields["customer"])
        field.queryset = self.customers
        # The picker asks for the others as one types: of the many, the page carries the chosen one.
        hint = _("Name or code")
        field.widget.choices = [(c.pk, c.name) for c in (self.chosen,) if c] or [("", hint)]
        field.widget.attrs |= {
            "data-picker-url": reverse("customer_options"),
            "data-picker-placeholder": hint,
        }

    @cached_property
    def chosen(self) -> Customer | None:
        """The customer chosen so far, for the picker to show."""
        value = str(self.data.get("customer") or self.initial.get("customer") or "")
        if not (value.isascii() and value.isdecimal() and len(value) < 19):
            return None
        return self.customers.filter(pk=int(value)).first()

    def clean(self) -> dict[str, Any]:
        """Put the person in the place of the choice."""
        cleaned = super().clean() or {}
        customer = cleaned.get("customer")
        if cleaned.get("owner") == MANAGER and customer is not None:
            if customer.owner is None:
                self.add_error("owner", _("This customer has no account manager."))
            cleaned["owner"] = customer.owner
        else:
            cleaned["owner"] = self.user
        return cleaned


def _words(label: Any, missing: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": missing},
    )


class CommentForm(forms.Form):
    """A comment."""

    text = _words(_("comment"), _("Write the comment."))


class CloseForm(forms.Form):
    """What was done about it, as of the version that was read."""

    resolution = _words(_("resolution"), _("Write what was done about it."))
    version = forms.IntegerField(min_value=1)


class ReopenForm(forms.Form):
    """Why it is opened again, as of the version that was read."""

    reason = _words(_("reason"), _("Write why it is opened again."))
    version = forms.IntegerField(min_value=1)
