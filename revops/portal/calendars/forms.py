"""Forms of calendars: hours of a week in words people type, days off, hours of a team, an .ics file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import holidays
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.names import country_name
from revops.foundation.models import Team
from revops.foundation.models.people import check_timezone
from revops.portal.back_office import offer
from sla.calendar_spec import WEEKDAYS, CalendarError, CalendarSpec
from sla.models import Calendar, CalendarVersion

DAY_WORDS = dict(
    zip(
        WEEKDAYS,
        (gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
         gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday")),
        strict=True,
    )
)  # fmt: skip
_WINDOW = re.compile(r"^\s*(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})\s*$")
_OWN_DAY = re.compile(r"^\s*(\d{4}-\d{2}-\d{2})\s*[:\s]\s*(.*?)\s*$")


class CalendarForm(forms.Form):
    """Makes a calendar, or its next version."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, help_text=gettext_lazy("Like Europe/Berlin.")
    )
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), required=False)
    region = forms.CharField(
        label=gettext_lazy("Region"),
        required=False,
        max_length=16,
        help_text=gettext_lazy(
            "Its code, like BY for Bavaria or CA for California. Empty: those of the whole country."
        ),
    )
    own_days = forms.CharField(
        label=gettext_lazy("Own days"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "One a line: 2026-12-24 Christmas Eve 09:00-13:00 for a half day, 2026-12-28 Inventory for a day off."
        ),
    )

    def __init__(self, calendar: Calendar | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        known = holidays.list_supported_countries(include_aliases=False)
        named = sorted(((code, country_name(code)) for code in known), key=lambda one: one[1])
        self.fields["country"].choices = [("", _("none")), *named]  # type: ignore[attr-defined]
        for day, words in DAY_WORDS.items():
            self.fields[day] = forms.CharField(label=words, required=False, max_length=200)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        others = Calendar.objects.filter(name=name)
        if self.calendar is not None:
            others = others.exclude(pk=self.calendar.pk)
        if others.exists():
            raise ValidationError(_("Another calendar has this name. Choose a different one."))
        if self.calendar is not None and name != self.calendar.name:
            raise ValidationError(_("The name stays: agreements refer to it. Make a new calendar for other hours."))
        return name

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        check_timezone(zone)
        return zone

    def clean_region(self) -> str:
        region, country = self.cleaned_data["region"].strip().upper(), self.cleaned_data.get("country")
        known = holidays.list_supported_countries(include_aliases=True).get(country or "", [])
        if region and region not in known:
            listed = ", ".join(known) if known else _("none")
            raise ValidationError(_("This country has no region “%(region)s”. Its regions: %(known)s.") % {
                "region": region, "known": listed})  # fmt: skip
        return region

    def clean_own_days(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for number, line in enumerate(self.cleaned_data["own_days"].splitlines(), start=1):
            if line.strip():
                day, about = _own_day(line, number)
                found[day] = about
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        week: dict[str, list[list[str]]] = {}
        for day in WEEKDAYS:
            try:
                week[day] = _windows(cleaned.get(day, ""))
            except ValidationError as error:
                self.add_error(day, error)
        if not self.errors:
            try:
                CalendarSpec.read(cleaned["zone"], {"week": week, "own": cleaned["own_days"]})
            except CalendarError as error:
                self.add_error(None, str(error))
        cleaned["week"] = {day: windows for day, windows in week.items() if windows}
        return cleaned

    def days(self) -> list[forms.BoundField]:
        """The fields of the week."""
        return [self[day] for day in WEEKDAYS]

    @staticmethod
    def of(calendar: Calendar, version: CalendarVersion) -> dict[str, Any]:
        """What the form shows of a stored version."""
        week: Mapping[str, Any] = version.spec.get("week") or {}
        shown = {day: ", ".join(f"{opens}-{closes}" for opens, closes in week.get(day, ())) for day in WEEKDAYS}
        own = version.spec.get("own") or {}
        return {
            "name": calendar.name,
            "zone": version.zone,
            "country": version.country,
            "region": version.region,
            "own_days": "\n".join(
                " ".join(
                    filter(None, (day, about.get("name", ""), ", ".join("-".join(one) for one in about["windows"])))
                )
                for day, about in sorted(own.items())
            ),
            **shown,
        }


class TeamHoursForm(forms.Form):
    """Gives the calendar to a team."""

    team = forms.ModelChoiceField(label=gettext_lazy("Team"), queryset=Team.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "team", Team.objects.order_by("name"))


class IcsForm(forms.Form):
    """An .ics file."""

    file = forms.FileField(
        label=gettext_lazy("iCalendar file (.ics)"), widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"})
    )


def _windows(text: str) -> list[list[str]]:
    """ "09:00-12:30, 13:30-17:00" as windows; a window may end the next morning. Raises ValidationError."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _WINDOW.match(part)
        if match is None:
            raise ValidationError(
                _("“%(part)s” is no window. Write 09:00-17:00, several with commas; 22:00-06:00 ends next morning."),
                params={"part": part},
            )
        found.append([match[1], match[2]])
    return found


def _own_day(line: str, number: int) -> tuple[str, dict[str, Any]]:
    match = _OWN_DAY.match(line)
    words = _("Line %(number)s: begin with a date like 2026-12-24, then its name.") % {"number": number}
    if match is None or not match[2]:
        raise ValidationError(words)
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        raise ValidationError(words) from None
    name, windows = match[2], []
    times = re.search(r"(\d{1,2}:\d{2}\s*[-–—].*)$", name)
    if times:
        name, windows = name[: times.start()].strip(), _windows(times[1])
    return day.isoformat(), {"name": name[:80], "windows": windows}
