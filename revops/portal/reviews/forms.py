"""The forms of the review: a new decision, and the answer to an older one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.metrics import METRICS, Week
from feedback.models.reviews import Answer, Direction
from revops.foundation.models import Role, User

USUAL_TERM = timedelta(days=14)


class _PersonField(forms.ModelChoiceField):
    """A choice of people by name."""

    def label_from_instance(self, person: Any) -> str:
        return str(person.name)


def _metric_choices() -> list[tuple[str, Any]]:
    return [("", _("Choose a number")), *((key, entry.name) for key, entry in METRICS.items())]


class DecisionForm(forms.Form):
    """What was decided, who does it by when, and which number should move."""

    text = forms.CharField(
        label=_("Decision"), max_length=300, help_text=_("One sentence that starts with a verb."), strip=True
    )
    owner = _PersonField(
        User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION).order_by("name"),
        label=_("Owner"),
        empty_label=_("Choose a person"),
    )
    due_on = forms.DateField(label=_("Due on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    metric = forms.ChoiceField(label=_("Number that should move"), choices=_metric_choices)
    direction = forms.ChoiceField(label=_("It should go"), choices=[("", _("Choose a direction")), *Direction.choices])

    def __init__(self, *args: Any, week: Week, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.week = week
        self.initial.setdefault("due_on", week.sunday + USUAL_TERM)

    def clean_due_on(self) -> Any:
        due_on = self.cleaned_data["due_on"]
        if due_on < self.week.monday:
            raise forms.ValidationError(_("Choose a date in or after the week of the review."))
        return due_on


class AnswerForm(forms.Form):
    """Was it done? A few words are welcome."""

    answer = forms.ChoiceField(choices=Answer.choices, label=_("Answer"))
    note = forms.CharField(max_length=300, required=False, label=_("Note"))
    week = forms.CharField(max_length=10, required=False)
