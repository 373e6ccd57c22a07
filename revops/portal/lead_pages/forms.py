"""What became of a lead, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from feedback.models import OutcomeStage


class OutcomeForm(forms.Form):
    """One outcome. A lost deal says why; money names its currency."""

    kind = forms.ChoiceField(
        label=_("What happened"),
        choices=[choice for choice in OutcomeStage.choices if choice[0] != OutcomeStage.CHURNED],
    )
    occurred_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )  # fmt: skip
    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=14, decimal_places=2, required=False)
    currency = forms.CharField(label=_("Currency"), max_length=3, min_length=3, required=False)
    reason = forms.CharField(
        label=_("Why it was lost"), max_length=300, required=False, help_text=_("Only for a lost deal.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].initial = settings.REPORTING_CURRENCY

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == OutcomeStage.LOST and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why it was lost; a few words are enough."))
        if cleaned.get("amount") is not None and not cleaned.get("currency"):
            self.add_error("currency", _("Name the currency of the amount, like EUR."))
        cleaned["currency"] = cleaned.get("currency", "").upper()
        return cleaned
