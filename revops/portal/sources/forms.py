"""Forms of the source register."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Source
from revops.foundation.models import Role, User
from revops.portal.back_office import offer

READINESS = [
    ("problem_aware", _("Problem-aware")),
    ("solution_aware", _("Solution-aware")),
    ("comparing", _("Comparing")),
    ("ready", _("Ready")),
]
"""The stages of a buyer's evaluation, from the first."""
TIERS = [(1, _("Tier 1")), (2, _("Tier 2")), (3, _("Tier 3"))]


class SourceForm(forms.ModelForm):
    """Registers or changes a source. The key is given once: imports and systems know the source by it."""

    readiness = forms.ChoiceField(
        label=_("Usual readiness of its leads"),
        choices=READINESS,
        help_text=_("Where the evaluation of its leads begins while no act says more."),
    )
    allowed_tiers = forms.TypedMultipleChoiceField(
        label=_("Tiers its leads may reach"),
        choices=TIERS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Without tier 1 the rules alone hand none of its leads to sales: the person asks through another source, "
            "or somebody overrides the tier."
        ),
    )

    class Meta:
        model = Source
        fields = ("name", "key", "kind", "state", "owner", "readiness", "allowed_tiers", "note")
        labels = {
            "name": _("Name"),
            "key": _("Key"),
            "kind": _("Kind"),
            "state": _("State"),
            "owner": _("Owner"),
            "note": _("Note"),
        }
        help_texts = {
            "kind": _("Submissions of a purchased list go to quarantine, whatever they contain."),
            "state": _("What arrives from a stopped source is kept in quarantine until somebody releases it."),
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = User.objects.exclude(role=Role.INTEGRATION)
        current = self.instance.owner_id
        offer(self, "owner", owners.filter(Q(is_active=True) | Q(pk=current)), _("Nobody"))
        if not self.instance._state.adding:
            del self.fields["key"]


class ExceptionForm(forms.Form):
    """Until when a purchased list is let in, and why."""

    until = forms.DateField(
        label=_("Until the end of"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Say until when; an exception ends by itself.")},
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("It stands in the ledger. What comes is marked as purchased."),
        error_messages={"required": _("Say why this list is let in.")},
    )


class SpendForm(forms.Form):
    """What a source cost in one month."""

    month = forms.CharField(
        label=_("Month"),
        widget=forms.DateInput(attrs={"type": "month", "placeholder": "2026-03"}),
        error_messages={"required": _("Say which month, like 2026-03.")},
    )
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(0, _("Money spent is not negative."))],
    )
    currency = forms.RegexField(
        label=_("Currency"),
        regex=r"^[A-Za-z]{3}$",
        initial=lambda: settings.REPORTING_CURRENCY,
        error_messages={"invalid": _("Write the currency with three letters, like EUR.")},
    )

    def clean_month(self) -> date:
        try:
            return date.fromisoformat(f"{self.cleaned_data['month'].strip()}-01")
        except ValueError:
            raise forms.ValidationError(_("Write the month like 2026-03.")) from None

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()
