"""The form that opens a complaint, and those that comment on, close and reopen one.

The fields of the latter have the names of the service's parameters, because the page passes the
cleaned data to the service (``satisfaction.views.complaint_page``).
"""

from typing import Any, cast

from django import forms
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crm.models import Customer
from crm.selectors.choices import visible_customer
from satisfaction.models.complaint import MAX_TEXT_LENGTH, MAX_TITLE_LENGTH


class OwnerChoice(TextChoices):
    """Who will look after a new complaint: the user, or the account manager of its customer."""

    ME = "me", _("Me")
    ACCOUNT_MANAGER = "manager", _("The account manager")


class NewComplaintForm(forms.Form):
    """A new complaint, of a customer that ``user`` may see.

    The field ``owner`` is an OwnerChoice; its cleaned value is the User for whom the choice stands.
    """

    customer: "forms.ModelChoiceField[Customer]" = forms.ModelChoiceField(
        label=_("customer"),
        queryset=None,  # set by __init__, because it depends on the user
        error_messages={
            "required": _("Choose the customer who complains."),
            "invalid_choice": _("Not found or not yours"),
        },
    )
    title = forms.CharField(
        label=_("summary"),
        max_length=MAX_TITLE_LENGTH,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    description = forms.CharField(
        label=_("what happened"),
        max_length=MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write down what the customer says has happened.")},
    )
    owner = forms.ChoiceField(
        label=_("looked after by"),
        choices=OwnerChoice.choices,
        initial=OwnerChoice.ME,
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = cast("forms.ModelChoiceField[Customer]", self.fields["customer"])
        field.queryset = Customer.objects.visible_to(user)
        # The page contains only the selected customer; the picker fetches others as the user types.
        placeholder = _("Name or code")
        selected = self.selected_customer
        field.widget.choices = [(selected.pk, selected.name)] if selected else [("", placeholder)]
        field.widget.attrs |= {
            "data-picker-url": reverse("customer_options"),
            "data-picker-placeholder": placeholder,
        }

    @cached_property
    def selected_customer(self) -> Customer | None:
        """The submitted or preset customer, for the picker to show; None if not visible."""
        value = self.data.get("customer") or self.initial.get("customer") or ""
        return visible_customer(self.user, str(value))

    def clean(self) -> dict[str, Any]:
        """Replace the choice of owner by the user it stands for.

        A customer without an account manager is an error of the field ``owner``.
        """
        cleaned = super().clean() or {}
        customer = cleaned.get("customer")
        if cleaned.get("owner") == OwnerChoice.ACCOUNT_MANAGER and customer is not None:
            if customer.owner is None:
                self.add_error("owner", _("This customer has no account manager."))
            cleaned["owner"] = customer.owner
        else:
            cleaned["owner"] = self.user
        return cleaned


def _required_text_field(label: Any, required_message: Any) -> forms.CharField:
    """Return a text area that must be filled in, with at most MAX_TEXT_LENGTH characters.

    Label and message are lazy translations, for which django-stubs has no public type.
    """
    return forms.CharField(
        label=label,
        max_length=MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": required_message},
    )


class CommentForm(forms.Form):
    """A comment on a complaint."""

    text = _required_text_field(_("comment"), _("Write the comment."))


class CloseForm(forms.Form):
    """The resolution, and the version of the complaint the user has read."""

    resolution = _required_text_field(_("resolution"), _("Write what was done about it."))
    version = forms.IntegerField(min_value=1)


class ReopenForm(forms.Form):
    """The reason for reopening, and the version of the complaint the user has read."""

    reason = _required_text_field(_("reason"), _("Write why it is opened again."))
    version = forms.IntegerField(min_value=1)
