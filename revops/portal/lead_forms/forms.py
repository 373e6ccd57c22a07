"""The form in which marketing makes a lead form."""

from __future__ import annotations

import re
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
MOST_SITES = 20
SITE = re.compile(r"https://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?|https?://(localhost|127\.0\.0\.1)(:\d{1,5})?")
"""An origin as a content policy names it; plain http only on one's own machine."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its two fields: whether it is asked, and its place."""

    label: str | Promise
    asked: BoundField
    place: BoundField


class LeadFormForm(forms.ModelForm):
    """A lead form with its questions. The address is chosen once: it stands in links and pages of others."""

    allowed_sites = forms.CharField(
        required=False,
        label=_("Sites that may frame it"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, like https://www.example.com. Empty: no site. A * alone: any site."),
    )
    redirect_url = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        label=_("Page to go to afterwards"),
        help_text=_("Instead of our thanks. May stay empty."),
    )

    class Meta:
        model = LeadForm
        fields = (
            "title", "slug", "intro", "source", "campaign_key", "signal_kind", "topic", "consent_text",
            "consent_is_required", "consent_purpose", "needs_confirmation", "confirm_days", "asks_next", "thanks",
            "redirect_url",
        )  # fmt: skip
        labels = {
            "title": _("Title"),
            "slug": _("Address"),
            "intro": _("Introduction"),
            "source": _("Source"),
            "campaign_key": _("Campaign"),
            "signal_kind": _("A post means"),
            "topic": _("Topic"),
            "consent_text": _("Consent"),
            "consent_is_required": _("The box must be ticked"),
            "consent_purpose": _("Consent to"),
            "needs_confirmation": _("Confirm the address by mail first (double opt-in)"),
            "confirm_days": _("Days the link works"),
            "asks_next": _("Ask people we know for one fact more"),
            "thanks": _("Thanks"),
        }
        help_texts = {
            "slug": _("The end of its address: /f/…/"),
            "campaign_key": _("Of posts whose link names no utm_campaign. May stay empty."),
            "signal_kind": _("The act that is recorded for each post; some of them ask for sales."),
            "topic": _("What the form is about, like “planning”. May stay empty."),
            "consent_text": _("Shown beside a box. Each version is kept; a consent names the one it was given to."),
            "needs_confirmation": _("The submission waits, and nobody is told, until the link in the mail is used."),
            "confirm_days": _("1 to 60. After that the page of the link offers another mail."),
            "asks_next": _("After sending: the most valuable fact we do not know, each person once for each fact."),
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
        self.initial["allowed_sites"] = "\n".join(self.instance.allowed_sites or [])
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
    def groups(self) -> list[tuple[str | Promise, list[BoundField]]]:
        """The plain fields under their headings."""
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in (
                (_("The form"), ("title", "slug", "intro", "thanks", "redirect_url")),
                (_("What a post means"), ("source", "campaign_key", "signal_kind", "topic")),
                (_("Consent"), ("consent_text", "consent_is_required", "consent_purpose", "needs_confirmation",
                                "confirm_days")),
                (_("Where it stands"), ("allowed_sites", "asks_next")),
            )
        ]  # fmt: skip

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
        if cleaned.get("needs_confirmation") and cleaned.get("ask_email") != "required":
            self.add_error("needs_confirmation", _("Require the e-mail address: the link is mailed to it."))
        if cleaned.get("ask_name") and (cleaned.get("ask_first_name") or cleaned.get("ask_last_name")):
            self.add_error(None, _("Ask for the whole name, or for first and last name, not for both."))
        return cleaned

    def clean_allowed_sites(self) -> list[str]:
        sites = list(dict.fromkeys(self.cleaned_data["allowed_sites"].lower().split()))
        for site in sites:
            if site != "*" and not SITE.fullmatch(site):
                words = _("“%(site)s” is no site. Write it like https://www.example.com, without a path.")
                raise forms.ValidationError(words % {"site": site[:80]})
        if len(sites) > MOST_SITES:
            raise forms.ValidationError(_("At most %(n)s sites.") % {"n": MOST_SITES})
        return sites

    def clean_redirect_url(self) -> str:
        url: str = self.cleaned_data["redirect_url"]
        if url and not url.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Write the whole address, like https://www.example.com/thanks/."))
        return url

    def clean_confirm_days(self) -> int:
        days: int = self.cleaned_data["confirm_days"]
        if not 1 <= days <= 60:
            raise forms.ValidationError(_("1 to 60 days."))
        return days

    def save(self, commit: bool = True) -> LeadForm:
        asked = [name for name in QUESTIONS if self.cleaned_data.get(f"ask_{name}")]
        asked.sort(key=lambda name: self.cleaned_data.get(f"place_{name}") or 99)
        self.instance.fields = [
            {"name": name, "required": self.cleaned_data[f"ask_{name}"] == "required"} for name in asked
        ]
        self.instance.allowed_sites = self.cleaned_data["allowed_sites"]
        return super().save(commit)
