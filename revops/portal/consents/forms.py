"""The form in which a colleague writes down a consent that was given some other way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.consents import ConsentPurpose


class ConsentForm(forms.Form):
    purpose = forms.ChoiceField(label=_("Consent to"), choices=ConsentPurpose.choices)
    text = forms.CharField(
        label=_("What they agreed to"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The words they heard or read."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("How we know"), max_length=500, help_text=_("Like “on the phone, 14:20” or where the paper lies.")
    )
    occurred_on = forms.DateField(label=_("Given on"), widget=forms.DateInput(attrs={"type": "date"}))
    expires_on = forms.DateField(
        label=_("Ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("May stay empty."),
    )  # fmt: skip

    def clean_occurred_on(self) -> Any:
        on = self.cleaned_data["occurred_on"]
        if on > timezone.localdate() or on.year < 1970:
            raise forms.ValidationError(_("Write the day on which it was given, not one to come."))
        return on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        end = cleaned.get("expires_on")
        if end and end <= timezone.localdate():
            self.add_error("expires_on", _("This day is over. Leave it empty, or write one to come."))
        return cleaned
