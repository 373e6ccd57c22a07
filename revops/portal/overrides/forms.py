"""What an override needs to be accountable."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from scoring.models import Tier


class OverrideForm(forms.Form):
    """Which tier, why, and until when."""

    tier = forms.TypedChoiceField(label=_("Treat it as"), choices=Tier.choices, coerce=int)
    reason = forms.CharField(
        label=_("Why the rules are wrong about this lead"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody who sees the lead reads it."),
    )
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=90, initial=14)
