"""The forms of a contest: what is wrong, and the verdict."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.contests import WRONGS


class ContestForm(forms.Form):
    """What is wrong, and why if one wants to say."""

    wrong = forms.ChoiceField(label=_("What is wrong?"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In your words"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Optional. The judge reads it beside what the portal knows."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, about: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["wrong"].choices = list(WRONGS[about])  # type: ignore[attr-defined]
        self.fields["wrong"].error_messages["required"] = _("Choose what is wrong.")
        self.fields["wrong"].error_messages["invalid_choice"] = _("Choose what is wrong from the list.")


class VerdictForm(forms.Form):
    """The judge's words; which button was pressed decides."""

    words = forms.CharField(
        label=_("Why?"), max_length=2000, min_length=3, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Both teams read it."),
        error_messages={"required": _("Say why, in a few words; both teams read it."),
                        "min_length": _("Say why, in a few words; both teams read it.")},
    )  # fmt: skip
