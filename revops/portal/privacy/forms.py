"""What is typed about a request: what they ask and since when, the answer, and how long something is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import RequestKind
from revops.portal.privacy.retention import LEAST_DAYS, MOST_DAYS

SURE = "erase"


class RequestForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What they ask for"), choices=((RequestKind.EXPORT, _("A copy of their data")),
                                               (RequestKind.ERASE, _("To be erased"))),
        widget=forms.RadioSelect,
    )  # fmt: skip
    asked_on = forms.DateField(
        label=_("They asked on"), widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("It must be answered within 30 days of this day."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("What they wrote"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("May stay empty. It is erased when the request is closed."),
    )  # fmt: skip
    keeps_silence = forms.BooleanField(
        label=_("They never want to hear from us again"), required=False,
        help_text=_(
            "When they are erased, their address is kept as a hash under our own key, for nothing else: whoever comes"
            " with it later waits in quarantine. Without, nothing of them is kept, and nobody will know."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked_on"].initial = timezone.localdate()


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("What you answered"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stays beside the request. Name nobody: it outlives them."),
    )  # fmt: skip


class EraseForm(forms.Form):
    sure = forms.CharField(
        label=_("Type “erase”"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("There is no undo, and no copy is kept."),
    )  # fmt: skip

    def clean_sure(self) -> str:
        if self.cleaned_data["sure"].strip().lower() != SURE:
            raise forms.ValidationError(_("Type the word erase, so that nobody is erased by a slip."))
        return SURE


class RetentionForm(forms.Form):
    days = forms.IntegerField(label=_("Days"), min_value=LEAST_DAYS, max_value=MOST_DAYS)
    is_active = forms.BooleanField(label=_("On"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
