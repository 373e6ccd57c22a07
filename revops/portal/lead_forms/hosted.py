"""A lead form as visitors fill it in, and the submission it becomes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from leads.cleaning import UTM_FACTS, clean_email, clean_phone, one_line
from leads.hygiene import domain_meant
from leads.intake import Item
from leads.models import LeadForm
from leads.models.submissions import Channel
from leads.names import country_code
from revops.portal.consents.arriving import UNCONFIRMED
from revops.portal.lead_forms.guard import TRAP
from revops.portal.lead_forms.questions import QUESTIONS, Question

CONSENT = "consent"
HOLDS = {
    "honeypot": "A field that only robots see was filled in.",
    "time_trap": "It was sent faster than a person can type, or without opening the form.",
    UNCONFIRMED: "Waits until the owner of the address confirms it by the link we mailed.",
}
MOST_TYPED = 5_000


class HostedForm(forms.Form):
    """The questions of one lead form, with words for what cannot be read.

    `known` facts are not asked again; `extra` is one question more for somebody who is known.
    """

    use_required_attribute = False  # our words are better than the browser's, and say what to do

    def __init__(
        self,
        lead_form: LeadForm,
        data: Mapping[str, Any] | None = None,
        *,
        known: Collection[str] = (),
        extra: Question | None = None,
    ) -> None:
        super().__init__(data)
        for entry in lead_form.fields:
            if (question := QUESTIONS.get(entry["name"])) is not None and question.name not in known:
                self.fields[question.name] = question_field(question, required=bool(entry.get("required")))
        if extra is not None and extra.name not in self.fields:
            self.fields[extra.name] = question_field(extra, required=False)
        if lead_form.consent_text:
            self.fields[CONSENT] = forms.BooleanField(
                label=lead_form.consent_text,
                required=lead_form.consent_is_required,
                error_messages={"required": _("Tick the box, so that we may answer you.")},
            )

    def clean_email(self) -> str:
        text = self.cleaned_data["email"]
        address, problem = clean_email(text)
        if text and problem:
            raise forms.ValidationError(_("Write the address like name@company.com."))
        local, _at, domain = address.rpartition("@")
        if meant := domain_meant(domain):
            words = _("Mail to %(domain)s cannot arrive. Did you mean %(meant)s?")
            raise forms.ValidationError(words % {"domain": domain, "meant": f"{local}@{meant}"})
        return address

    def clean_country(self) -> str:
        text = self.cleaned_data["country"]
        if text and self.fields["country"].required and not country_code(text):
            raise forms.ValidationError(_("Write the country in English, like Germany, or its code, like DE."))
        return str(text)

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"]
        _number, problem = clean_phone(text, country_code(str(self.data.get("country", ""))))
        if problem and self.fields["phone"].required:
            raise forms.ValidationError(_("Write the number with its country, like +49 30 1234567."))
        return str(text)

    def problems(self) -> str:
        """Everything that is wrong, in one line, for the journal."""
        return "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in self.errors.items())


class TakenAsTyped(forms.Field):
    """A field that may stay empty costs nobody their enquiry: what it cannot read is taken as it was typed.

    Cleaning leaves such a fact empty and keeps the words beside it (`phone_as_sent`); our thanks say so.
    """

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except forms.ValidationError:
            if self.required:
                raise
            return one_line(value)


class NumberField(TakenAsTyped, forms.IntegerField):
    """A whole number, or what was typed instead."""


class DayField(TakenAsTyped, forms.DateField):
    """A day, or what was typed instead."""


class ShortField(TakenAsTyped, forms.CharField):
    """A country or a phone number, or the beginning of what was typed instead."""


def question_field(question: Question, *, required: bool) -> forms.Field:
    """The field by which a question is asked."""
    words: dict[str, Any] = {"required": _("Fill in “%(question)s”.") % {"question": question.label}}
    attributes: dict[str, Any] = {"autocomplete": question.autocomplete}
    if required:
        attributes["aria-required"] = "true"
    common: dict[str, Any] = {"label": question.label, "required": required, "error_messages": words}
    match question.kind:
        case "number":
            words["invalid"] = words["min_value"] = _("Write a whole number, like 250.")
            attributes |= {"inputmode": "numeric"}
            return NumberField(**common, min_value=1, max_value=2_000_000_000, widget=forms.TextInput(attrs=attributes))
        case "date":
            words["invalid"] = _("Write the date like 2026-05-31.")
            return DayField(**common, widget=forms.DateInput(attrs={"type": "date", **attributes}))
        case "choice":
            words["invalid_choice"] = _("Choose one of the answers.")
            choices = [("", _("Choose …")), *question.choices]
            return forms.ChoiceField(**common, choices=choices, widget=forms.Select(attrs=attributes))
        case "long":
            widget: forms.Widget = forms.Textarea(attrs={"rows": 4, **attributes})
            return forms.CharField(**common, max_length=question.longest, widget=widget)
        case _:
            kind = question.kind if question.kind in {"tel", "email"} else "text"
            widget = forms.TextInput(attrs={"type": kind, **attributes})
            kept = question.name in {"country", "phone"}
            return (ShortField if kept else forms.CharField)(**common, max_length=question.longest, widget=widget)


def item_of(
    lead_form: LeadForm,
    facts: Mapping[str, Any],
    sent: Mapping[str, str],
    now: datetime,
    *,
    hold: str = "",
    proof: Mapping[str, str] | None = None,
) -> Item:
    """The submission behind a post. The same form sent twice from the same page is one submission."""
    payload: dict[str, Any] = {
        name: value if isinstance(value, int) else str(value) for name, value in facts.items() if value
    }
    hold = hold or (UNCONFIRMED if lead_form.needs_confirmation else "")
    if lead_form.consent_text and payload.pop(CONSENT, None):
        payload["consent"] = {
            "text": lead_form.consent_text,
            "purpose": lead_form.consent_purpose,
            "given_at": now.isoformat(),
            **({"needs_confirmation": True} if lead_form.needs_confirmation else {}),
            **({"proof": dict(proof)} if proof else {}),
        }
    payload |= _circumstances(lead_form, sent)
    if hold:
        payload["hold"] = {"rule": hold, "detail": HOLDS[hold], **({"after_gate": True} if hold == UNCONFIRMED else {})}
    return Item(
        source_id=lead_form.source_id,
        channel=Channel.FORM,
        payload=payload,
        dedupe_key=_once(sent, payload) if sent.get("opened") else None,
        campaign_key=lead_form.campaign_key if not payload.get("utm", {}).get("utm_campaign") else "",
    )


def refused_item(lead_form: LeadForm, sent: Mapping[str, str], why: str) -> Item:
    """A post that is sent back to be corrected: journalled as it came, and refused in words."""
    payload = {name: text for name, text in typed(lead_form, sent).items() if text}
    payload |= _circumstances(lead_form, sent)
    return Item(
        source_id=lead_form.source_id,
        channel=Channel.FORM,
        payload=payload,
        refusal=one_line(why, 500),
        dedupe_key=_once(sent, {**payload, "refused": why}) if sent.get("opened") else None,
    )


def typed(lead_form: LeadForm, sent: Mapping[str, str]) -> dict[str, str]:
    """What was typed, unread: for what is journalled although nobody checked it."""
    asked = {entry["name"] for entry in lead_form.fields}
    names = [name for name in QUESTIONS if name in asked or name in sent]
    facts = {name: str(sent.get(name, "")).replace("\x00", "")[:MOST_TYPED] for name in names}
    facts["trap"] = one_line(sent.get(TRAP), 200)
    return facts


def _circumstances(lead_form: LeadForm, sent: Mapping[str, str]) -> dict[str, Any]:
    """Which form and act it is, the campaign marks of the link, the page the form stands on, and where from."""
    found: dict[str, Any] = {"act": lead_form.signal_kind.code, "form": lead_form.slug}
    if lead_form.topic:
        found["topic"] = lead_form.topic
    if utm := {name: one_line(sent[name], 200) for name in UTM_FACTS if one_line(sent.get(name), 200)}:
        found["utm"] = utm
    for name in ("page", "referrer"):
        if text := one_line(sent.get(name), 500):
            found[name] = text
    return found


def _once(sent: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    """A key of this page view and what was typed in it; the moment of the consent does not count."""
    typed_in = sorted((name, str(value)) for name, value in payload.items() if name != "consent")
    return sha256(f"{sent['opened']}{typed_in}".encode()).hexdigest()
