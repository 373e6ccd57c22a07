"""The form in which marketing makes a lead form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.models import LeadForm, SignalKind, Source
from revops.portal.back_office import offer
from revops.portal.lead_forms.questions import QUESTIONS

ASKED = [("", _("Not asked")), ("optional", _("Optional")), ("required", _("Required"))]
IDENTIFYING = ("email", "phone")


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its two fields: whether it is asked, and its place."""

    label: str | Promise
    asked: BoundField
    place: BoundField


class LeadFormForm(forms.ModelForm):
    """A lead form with its questions. The address is chosen once: it stands in links and pages of others."""

    class Meta:
        model = LeadForm
        fields = (
            "title", "slug", "intro", "source", "signal_kind", "topic", "consent_text", "thanks",
        )  # fmt: skip
        labels = {
            "title": _("Title"),
            "slug": _("Address"),
            "intro": _("Introduction"),
            "source": _("Source"),
            "signal_kind": _("A post means"),
            "topic": _("Topic"),
            "consent_text": _("Consent"),
            "thanks": _("Thanks"),
        }
        help_texts = {
            "slug": _("The end of its address: /f/…/"),
            "signal_kind": _("The act that is recorded for each post; some of them ask for sales."),
            "topic": _("What the form is about, like “planning”. May stay empty."),
            "consent_text": _("Shown beside a box that must be ticked; kept with each submission as it was shown."),
            "thanks": _("Said after sending."),
        }
        widgets = {
            "intro": forms.Textarea(attrs={"rows": 2}),
            "consent_text": forms.Textarea(attrs={"rows": 2}),
            "thanks": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.source_id
        offer(self, "source", Source.objects.filter(~Q(state="stopped") | Q(pk=current)))
        offer(self, "signal_kind", SignalKind.objects.order_by("name"))
        if not self.instance._state.adding:
            del self.fields["slug"]
        chosen = {
            entry["name"]: (number, entry.get("required")) for number, entry in enumerate(self.instance.fields or [], 1)
        }
        for number, question in enumerate(QUESTIONS.values(), 1):
            place, is_required = chosen.get(question.name, (None, None))
            initial = "" if place is None else "required" if is_required else "optional"
            self.fields[f"ask_{question.name}"] = forms.ChoiceField(
                label=str(question.label), choices=ASKED, required=False, initial=initial
            )
            self.fields[f"place_{question.name}"] = forms.IntegerField(
                label=_("Place"), required=False, min_value=1, max_value=99, initial=place or number + 20
            )

    @property
    def plain_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if not name.startswith(("ask_", "place_"))]

    @property
    def questions(self) -> list[QuestionRow]:
        """Every question there is, those asked first and in their order."""
        chosen = [entry["name"] for entry in self.instance.fields or []]
        names = [*(name for name in chosen if name in QUESTIONS), *(name for name in QUESTIONS if name not in chosen)]
        return [QuestionRow(QUESTIONS[name].label, self[f"ask_{name}"], self[f"place_{name}"]) for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"ask_{name}") == "required" for name in IDENTIFYING):
            self.add_error(None, _("Require the e-mail address or the phone number, or nobody can be answered."))
        if cleaned.get("ask_name") and (cleaned.get("ask_first_name") or cleaned.get("ask_last_name")):
            self.add_error(None, _("Ask for the whole name, or for first and last name, not for both."))
        return cleaned

    def save(self, commit: bool = True) -> LeadForm:
        asked = [name for name in QUESTIONS if self.cleaned_data.get(f"ask_{name}")]
        asked.sort(key=lambda name: self.cleaned_data.get(f"place_{name}") or 99)
        self.instance.fields = [
            {"name": name, "required": self.cleaned_data[f"ask_{name}"] == "required"} for name in asked
        ]
        return super().save(commit)
