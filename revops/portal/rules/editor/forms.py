"""What a proposal is called and why it is made."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from scoring.publishing import LONGEST_SUMMARY


class AboutForm(forms.Form):
    """The words around the rules; the summary may wait until the review is asked for."""

    name = forms.CharField(label=_("Name"), max_length=120)
    summary = forms.CharField(
        label=_("What changes, and why"),
        max_length=LONGEST_SUMMARY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence that everybody reads; at most 140 characters."),
    )
    review_by_on = forms.DateField(label=_("Review by"), widget=forms.DateInput(attrs={"type": "date"}))
