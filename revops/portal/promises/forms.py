"""The forms with which marketing answers a finding, shares a month and ends nurture early."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AnswerForm(forms.Form):
    """The written answer to a finding."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=500,
        min_length=10,
        strip=True,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What was behind it, and what you change. Those who rejected the leads can read it."),
    )


class ShareForm(forms.Form):
    """A few words that go with the numbers."""

    note = forms.CharField(
        label=_("What it means"),
        max_length=500,
        required=False,
        strip=True,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("What worked, what did not, what you do next month."),
    )


class StopForm(forms.Form):
    """Why nurture ends before its time."""

    reason = forms.CharField(label=_("Why it ends early"), max_length=200, strip=True)
