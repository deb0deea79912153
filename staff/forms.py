"""The forms to sign in, to change the password, and to change one's own profile.

``settings.ACCOUNT_FORMS`` makes allauth's views use the first two.
"""

from typing import Any

from allauth.account import forms as account_forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LoginForm(account_forms.LoginForm):
    """Employee number and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Employee number")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        _remove_placeholders(self)
        self.fields["login"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any] | None:
        """Refuse a closed account; say so only to someone who knows its password.

        allauth sets ``self.user`` when the password is right, also for an inactive user.
        """
        cleaned: dict[str, Any] | None = super().clean()
        if self.user is not None and not self.user.is_active:
            raise ValidationError(_("This account is closed. Ask your division's administrator."))
        return cleaned


class ChangePasswordForm(account_forms.ChangePasswordForm):
    """The current password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("New password, again")
        _remove_placeholders(self)


def _remove_placeholders(form: forms.Form) -> None:
    """Remove the library's placeholders: they repeat the labels."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class ProfileForm(forms.Form):
    """The user's own language and phone."""

    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    phone = forms.CharField(
        label=_("phone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
