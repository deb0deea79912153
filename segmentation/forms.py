"""What people send to start a run."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StartForm(forms.Form):
    """Which day is to be scored."""

    as_of = forms.DateField(
        label=_("As of"),
        initial=timezone.localdate,
        help_text=_("What happened before this day counts."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
