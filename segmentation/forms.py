"""The form that starts a run."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RunRequestForm(forms.Form):
    """Asks for the day to score, today by default."""

    as_of = forms.DateField(
        label=_("As of"),
        initial=timezone.localdate,
        help_text=_("What happened before this day counts."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
