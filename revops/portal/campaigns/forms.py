"""Forms of campaigns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Campaign
from leads.money import NotMoney, as_typed, currency_code, minor_units
from leads.utm_rules import BadRule, read_rules, write_rules
from revops.foundation.models import Role, User
from revops.portal.back_office import offer


class CampaignForm(forms.ModelForm):
    """Describes a campaign. Its source and key are given once: visitors and imports are marked with the key."""

    budget = forms.DecimalField(label=_("Budget"), required=False, min_value=Decimal(0), max_digits=14)
    currency = forms.CharField(label=_("Currency of the budget"), required=False, max_length=10)
    rules = forms.CharField(
        label=_("UTM values that belong to it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "spring-*\nutm_source=linkedin"}),
        help_text=_(
            "One rule a line; * stands for any text. “spring-*” means the utm_campaign; "
            "“utm_source=linkedin utm_medium=paid” needs both. The key itself always belongs to it."
        ),
    )
    field_order = (
        "name", "source", "key", "kind", "owner", "starts_on", "ends_on", "budget", "currency", "rules", "note",
    )  # fmt: skip

    class Meta:
        model = Campaign
        fields = ("name", "source", "key", "kind", "owner", "starts_on", "ends_on", "note")
        labels = {
            "name": _("Name"), "source": _("Source"), "key": _("Key"), "kind": _("Kind"), "owner": _("Owner"),
            "starts_on": _("First day"), "ends_on": _("Last day"), "note": _("Note"),
        }  # fmt: skip
        help_texts = {"key": _("The utm_campaign of its links, like spring-2026. It cannot be changed later.")}
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = self.instance
        owners = User.objects.exclude(role=Role.INTEGRATION)
        offer(self, "owner", owners.filter(Q(is_active=True) | Q(pk=campaign.owner_id)), _("Nobody"))
        self.fields["rules"].initial = write_rules(campaign.match)
        if campaign.budget_minor is not None:
            self.fields["budget"].initial = as_typed(campaign.budget_minor, campaign.currency)
        self.initial["currency"] = campaign.currency or settings.REPORTING_CURRENCY
        if not campaign._state.adding:
            del self.fields["key"], self.fields["source"]

    def clean_rules(self) -> list[dict[str, str]]:
        try:
            return read_rules(self.cleaned_data["rules"])
        except BadRule as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean_currency(self) -> str:
        text = self.cleaned_data.get("currency") or ""
        try:
            return currency_code(text) if text.strip() else ""
        except NotMoney as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        budget, currency = data.get("budget"), data.get("currency")
        if budget is not None and currency == "":
            self.add_error("currency", _("Name the currency of the budget, like EUR."))
        elif budget is not None and currency:
            try:
                data["budget_minor"] = minor_units(budget, currency)
            except NotMoney as problem:
                self.add_error("budget", str(problem))
        starts, ends = data.get("starts_on"), data.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day lies before the first one."))
        return data

    def described(self) -> Campaign:
        """The campaign as described, not yet saved."""
        campaign: Campaign = self.save(commit=False)
        campaign.budget_minor = self.cleaned_data.get("budget_minor")
        campaign.currency = self.cleaned_data["currency"] if campaign.budget_minor is not None else ""
        campaign.match = self.cleaned_data["rules"]
        return campaign


class TakeUpForm(forms.Form):
    """Which campaign a found value belongs to."""

    into = forms.ModelChoiceField(
        label=_("It belongs to"),
        queryset=Campaign.objects.none(),
        empty_label=_("Choose a campaign"),
        error_messages={"required": _("Choose the campaign it belongs to.")},
    )

    def __init__(self, *args: Any, found: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "into", Campaign.objects.running().filter(source=found.source_id).exclude(pk=found.pk))
