"""What became of a lead, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from feedback.models import OutcomeStage

UNASKED: dict[str, tuple[str, ...]] = {
    OutcomeStage.MEETING: ("amount", "currency", "deal_stage", "reason"),
    OutcomeStage.OPPORTUNITY: ("reason",),
    OutcomeStage.WON: ("reason",),
    OutcomeStage.CHURNED: ("deal_stage",),
    OutcomeStage.LIFETIME_VALUE: ("deal_stage", "reason"),
}
"""Facts that say nothing about an outcome of this kind."""


class FactsForm(forms.Form):
    """The facts of one outcome: when, how much, why, and where a deal stands."""

    occurred_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )  # fmt: skip
    amount = forms.DecimalField(
        label=_("Amount"), min_value=0, max_digits=14, decimal_places=2, required=False,
        help_text=_("Of a customer's lifetime value: all that was paid so far."),
    )  # fmt: skip
    currency = forms.CharField(label=_("Currency"), max_length=3, min_length=3, required=False)
    deal_stage = forms.CharField(
        label=_("Where the deal stands"), max_length=80, required=False, help_text=_("Only for an opportunity.")
    )
    reason = forms.CharField(
        label=_("Why"), max_length=300, required=False, help_text=_("Why it was lost, or why the customer left.")
    )

    def __init__(self, *args: Any, known_kind: str = "", **kwargs: Any) -> None:
        """`known_kind` is that of an outcome whose kind is not asked; what it cannot have and does not have goes."""
        super().__init__(*args, **kwargs)
        self.known_kind = known_kind
        for name in UNASKED.get(known_kind, ()):
            if not self.initial.get(name):
                del self.fields[name]
        for name in ("amount", "deal_stage"):
            if known_kind and known_kind != OutcomeStage.LIFETIME_VALUE and name in self.fields:
                self.fields[name].help_text = ""
        if "currency" in self.fields:
            self.fields["currency"].initial = settings.REPORTING_CURRENCY

    def clean(self) -> dict[str, Any]:
        cleaned = {"amount": None, "currency": "", "reason": ""} | (super().clean() or {})
        kind = self.known_kind or cleaned.get("kind")
        if kind == OutcomeStage.LOST and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why it was lost; a few words are enough."))
        if kind == OutcomeStage.CHURNED and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why the customer left; a few words are enough."))
        if kind == OutcomeStage.LIFETIME_VALUE and cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Say what the customer has paid so far."))
        if cleaned.get("amount") is not None and not cleaned.get("currency"):
            self.add_error("currency", _("Name the currency of the amount, like EUR."))
        cleaned["currency"] = cleaned.get("currency", "").upper()
        return cleaned

    def attributes(self) -> dict[str, Any]:
        """Further facts of the deal, as an outcome keeps them."""
        stage = self.cleaned_data.get("deal_stage", "").strip()
        return {"stage": stage} if stage else {}


class OutcomeForm(FactsForm):
    """One outcome. A lost deal says why; money names its currency."""

    kind = forms.ChoiceField(
        label=_("What happened"),
        choices=[choice for choice in OutcomeStage.choices if choice[0] != OutcomeStage.WITHDRAWN],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["kind"])
