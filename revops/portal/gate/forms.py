"""What the pages of the gate ask."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.gate import ALWAYS_ON, CHANGEABLE, LISTED
from leads.models import HygieneRule
from leads.models.hygiene import HygieneAction

LARGEST_FILE = 1024 * 1024


class RuleForm(forms.Form):
    """What a rule does, what it looks for, and what it lets pass."""

    action = forms.ChoiceField(
        label=_("A hit means"),
        choices=[
            (HygieneAction.QUARANTINE, _("Quarantine: it waits for a person")),
            (HygieneAction.FLAG, _("Flag only: it goes on, marked")),
            (HygieneAction.REFUSE, _("Refuse: the sender is told why")),
        ],
        widget=forms.RadioSelect,
    )
    is_active = forms.BooleanField(label=_("The rule is on"), required=False)
    terms = forms.CharField(
        label=_("Own terms"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One a line: domains, company names, words or phrases. Never an address of a person."),
    )
    allowed = forms.CharField(
        label=_("Never hits"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line: domains, companies, titles or words this rule lets pass."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        help_text=_("Stands in the ledger beside the change."),
        error_messages={"required": _("Say why. It stands in the ledger beside the change.")},
    )

    def __init__(self, *args: Any, rule: HygieneRule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            **self.initial,
            "action": rule.action,
            "is_active": rule.is_active,
            "terms": "\n".join(rule.terms),
            "allowed": "\n".join(rule.allowed),
            "version": rule.version,
        }
        if rule.code == ALWAYS_ON:
            for name in ("action", "is_active", "terms", "allowed"):
                del self.fields[name]
        if rule.code in LISTED:
            del self.fields["terms"]

    def changes(self) -> dict[str, Any]:
        """What was chosen, as `leads.gate.change_rule` takes it."""
        chosen = {name: self.cleaned_data[name] for name in CHANGEABLE if name in self.fields}
        for name in {"terms", "allowed"} & set(chosen):
            chosen[name] = lines_of(chosen[name])
        return chosen


class TermsFileForm(forms.Form):
    """A list of terms from a file: one a line, or the first column of a CSV."""

    file = forms.FileField(label=_("File of terms"), help_text=_("Text or CSV, one term a line, up to 1 MB."))
    reason = forms.CharField(label=_("Why"), max_length=200)

    def terms(self) -> list[str]:
        """The first cell of each line. Raises ValidationError for what is no text."""
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_FILE:
            raise forms.ValidationError({"file": _("The file is over 1 MB. Split it.")})
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError({"file": _("The file is not UTF-8 text. Save it as CSV UTF-8.")}) from None
        return [re.split(r"[,;\t]", line, maxsplit=1)[0].strip().strip('"') for line in text.splitlines()]


class TryForm(forms.Form):
    """A submission to try: an address is enough."""

    email = forms.CharField(label=_("E-mail"), required=False, max_length=320)
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    company = forms.CharField(label=_("Company"), required=False, max_length=300)
    title = forms.CharField(label=_("Job title"), required=False, max_length=300)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=60)
    need = forms.CharField(
        label=_("Message"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        given = {name: value for name, value in (super().clean() or {}).items() if value}
        if not given and not self.errors:
            raise forms.ValidationError(_("Give at least an address."))
        return given


class BouncesForm(forms.Form):
    """Addresses whose mail came back, or reaches them again."""

    addresses = forms.CharField(
        label=_("Addresses"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("One a line, up to 1,000.")
    )

    def clean_addresses(self) -> list[str]:
        found = lines_of(self.cleaned_data["addresses"])
        if len(found) > 1_000:
            raise forms.ValidationError(_("At most 1,000 addresses at a time; the API takes more calls."))
        return found


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
