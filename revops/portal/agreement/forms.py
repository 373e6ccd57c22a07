"""The wizard: which clauses, with which numbers, from when, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.portal.back_office import offer
from sla.agreement_words import BY_CODE, PATTERNS, ClauseDraft, ClausePattern
from sla.models import Calendar, ClauseSide


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One line of the wizard: the pattern, whether it is kept, its number, and the sentence as it stands."""

    pattern: ClausePattern
    keep: forms.BoundField
    number: forms.BoundField
    sentence: str


class AgreementForm(forms.Form):
    """Drafts or changes an agreement. Fields `keep_…` and `number_…` for each clause of the template."""

    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Business hours of the organisation"),
        queryset=Calendar.objects.none(),
        help_text=gettext_lazy("They count where nobody in particular is responsible yet."),
    )
    takes_effect_on = forms.DateField(
        label=gettext_lazy("Takes effect on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: as soon as both heads have signed."),
    )
    review_on = forms.DateField(
        label=gettext_lazy("Look at it again by"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Both heads are told two weeks before."),
    )
    summary = forms.CharField(
        label=gettext_lazy("Why this version"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One or two sentences for those who sign."),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, clauses: Sequence[ClauseDraft], *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.standing = {clause.code: clause for clause in clauses}
        offer(self, "calendar", Calendar.objects.order_by("name"))
        for pattern in PATTERNS:
            standing = self.standing.get(pattern.code)
            self.fields[f"keep_{pattern.code}"] = forms.BooleanField(
                label=pattern.draft(pattern.usual).text, required=False, initial=standing is not None
            )
            lowest = Decimal("0.25") if pattern.is_clock else Decimal(1)
            number = standing.number if standing else Decimal(pattern.usual)
            self.fields[f"number_{pattern.code}"] = forms.DecimalField(
                label=_("Number of “%(text)s”") % {"text": pattern.draft(pattern.usual).text},
                required=False,
                min_value=lowest,
                max_value=pattern.highest,
                decimal_places=2 if pattern.is_clock else 0,
                initial=f"{number.normalize():f}",
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for pattern in PATTERNS:
            name = f"number_{pattern.code}"
            if cleaned.get(f"keep_{pattern.code}") and cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Give the number, or leave the clause out."))
        for side in ClauseSide:
            if not any(cleaned.get(f"keep_{pattern.code}") for pattern in PATTERNS if pattern.side == side):
                words = _("%(side)s promises nothing. An agreement has at least one clause of each side.")
                self.add_error(None, words % {"side": side.label})
        review, start = cleaned.get("review_on"), cleaned.get("takes_effect_on")
        if review and review <= max(self.today, start or self.today):
            self.add_error("review_on", _("Choose a day after it takes effect."))
        if review and review > self.today + timedelta(days=800):
            self.add_error("review_on", _("Two years are the most: promises that nobody looks at are not kept."))
        return cleaned

    def clauses(self) -> list[ClauseDraft]:
        """What was written, once it is valid. A clause whose number stayed keeps its words."""
        found = []
        for pattern in PATTERNS:
            if not self.cleaned_data[f"keep_{pattern.code}"]:
                continue
            number, standing = self.cleaned_data[f"number_{pattern.code}"], self.standing.get(pattern.code)
            found.append(standing if standing and standing.number == number else pattern.draft(number))
        return found + [clause for code, clause in self.standing.items() if code not in BY_CODE]

    def rows(self) -> list[tuple[str, list[ClauseRow]]]:
        """The lines of the wizard by side."""
        return [
            (str(side.label), [self._row(pattern) for pattern in PATTERNS if pattern.side == side])
            for side in ClauseSide
        ]

    def about(self) -> list[forms.BoundField]:
        """The fields that are not of a clause."""
        return [self[name] for name in ("takes_effect_on", "review_on", "calendar", "summary")]

    def _row(self, pattern: ClausePattern) -> ClauseRow:
        standing = self.standing.get(pattern.code) or pattern.draft(pattern.usual)
        return ClauseRow(pattern, self[f"keep_{pattern.code}"], self[f"number_{pattern.code}"], standing.text)


class RemarkForm(forms.Form):
    """What somebody says about a draft."""

    text = forms.CharField(
        label=gettext_lazy("What should change?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
