"""Forms of absences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.foundation.models import Role, User
from revops.portal.back_office import offer
from sla.absences import whole_days
from sla.models import AbsenceKind

LONGEST = 730


class PlanForm(forms.Form):
    """When and why somebody is away: whole days, or some hours of one day. `person` only for those who plan for all."""

    person = forms.ModelChoiceField(label=gettext_lazy("Who"), queryset=User.objects.none())
    first = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    from_time = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    until_time = forms.TimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Both empty: whole days."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Why"), choices=AbsenceKind.choices)

    def __init__(self, planner: User, *args: Any, for_all: bool, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planner, self.fixed = planner, person
        if person is not None or not for_all:
            del self.fields["person"]
        else:
            people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION)
            offer(self, "person", people.order_by("name"), gettext_lazy("Choose somebody"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first: date | None = cleaned.get("first")
        last: date | None = cleaned.get("last")
        begins, ends = cleaned.get("from_time"), cleaned.get("until_time")
        if first and last and last < first:
            self.add_error("last", _("The last day comes after the first, or is the same."))
        if first and last and (last - first).days > LONGEST:
            self.add_error("last", _("Two years are the most; deactivate somebody who is away for longer."))
        if (begins is None) != (ends is None) and not self.errors:
            self.add_error("until_time", _("Give both times, or none for whole days."))
        if begins and ends and first and first == last and ends <= begins:
            self.add_error("until_time", _("It ends before it begins."))
        return cleaned

    def who(self) -> User:
        chosen: User = self.fixed or self.cleaned_data.get("person") or self.planner
        return chosen

    def span(self) -> tuple[datetime, datetime]:
        """From and until when, in the person's own zone."""
        asked = self.cleaned_data
        if asked["from_time"] is None:
            return whole_days(self.who(), asked["first"], asked["last"])
        zone = ZoneInfo(self.who().timezone)
        return (
            datetime.combine(asked["first"], asked["from_time"], zone),
            datetime.combine(asked["last"], asked["until_time"], zone),
        )


class FileForm(forms.Form):
    """An .ics file of somebody's absences."""

    person = forms.ModelChoiceField(label=gettext_lazy("Whose"), queryset=User.objects.none())
    file = forms.FileField(
        label=gettext_lazy("iCalendar file (.ics)"), widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"})
    )

    def __init__(self, *args: Any, for_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not for_all:
            del self.fields["person"]
        else:
            people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION)
            offer(self, "person", people.order_by("name"), gettext_lazy("Choose somebody"))
