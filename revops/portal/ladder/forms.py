"""The forms of the ladder and of who stands in for whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import Role, User
from sla.ladder import LEAST, MOST, Action, LadderError, Step, read_steps, write_steps

LABELS = {
    Action.REMIND: _("Remind whoever has the lead, after"),
    Action.BACKUP: _("Tell the stand-in and the team's manager, after"),
    Action.MANAGER: _("Hand it to the manager to decide, after"),
    Action.POOL: _("Offer the lead to others, after"),
}


class LadderForm(forms.Form):
    """A percentage for each rung; an empty one is left out."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for action, label in LABELS.items():
            self.fields[action.value] = forms.IntegerField(
                label=label, required=False, min_value=LEAST, max_value=MOST,
                help_text=_("Percent of the promise. Empty: this step is left out."),
            )  # fmt: skip
        self.fields["most_moves"] = forms.IntegerField(
            label=_("Most moves of one lead"), min_value=0, max_value=20,
            help_text=_("After so many it stays where it is, and the manager is told."),
        )  # fmt: skip

    def steps(self) -> tuple[Step, ...]:
        """The rungs that have a percentage."""
        chosen = [(action, self.cleaned_data.get(action.value)) for action in Action]
        return tuple(Step(action, after) for action, after in chosen if after)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        try:
            read_steps(write_steps(self.steps()))
        except LadderError as error:
            raise forms.ValidationError(str(error)) from error
        return values


class BackupForm(forms.Form):
    """Who stands in for one person; nobody lets the least busy colleague of the team stand in."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("For"))
    backup = forms.ModelChoiceField(
        User.objects.none(), label=_("Stands in"), required=False, empty_label=_("Whoever has least to do")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        people = User.objects.filter(is_active=True, role__in=[Role.REP, Role.SALES_MANAGER]).order_by("name")
        for name in ("user", "backup"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("user") and values.get("user") == values.get("backup"):
            self.add_error("backup", _("Nobody stands in for themselves. Choose somebody else."))
        return values
