"""The pages of business calendars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.models import User
from revops.foundation.policy import can
from revops.portal.back_office import needs, note, person_of, row_or_404, status_of
from revops.portal.calendar_files import PreviewRow, PreviewTooOld, open_events, seal_events, span_words
from revops.portal.calendars.forms import CalendarForm, IcsForm, TeamHoursForm
from revops.portal.calendars.preview import next_day_off, next_weeks, weekly_hours
from sla.calendar_changes import add_own_days, change_calendar, give_to_team
from sla.calendar_spec import CalendarError
from sla.calendars import newest_versions
from sla.ics import Event, IcsError, read_ics
from sla.models import Agreement, AgreementState, Calendar, CalendarVersion, TeamCalendar


@needs("sla.view")
@require_GET
def calendar_list(request: HttpRequest) -> HttpResponse:
    """All calendars: their hours, who keeps them, and the next day off."""
    calendars = list(
        Calendar.objects.annotate(n_people=Count("rep_profiles", filter=Q(rep_profiles__user__is_active=True)))
    )
    newest = newest_versions([one.pk for one in calendars])
    today = timezone.localdate()
    context = {
        "rows": [
            (one, newest[one.pk], weekly_hours(newest[one.pk]), next_day_off(newest[one.pk], today))
            for one in calendars
        ],
        "standard": Agreement.objects.filter(state=AgreementState.LIVE).values_list("calendar_id", flat=True).first(),
        "may_manage": can(person_of(request), "sla.manage"),
    }
    return render(request, "calendars/list.html", context)


@needs("sla.manage")
def new_calendar(request: HttpRequest) -> HttpResponse:
    """Makes a calendar."""
    usual = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    form = CalendarForm(None, request.POST or None, initial={"zone": person_of(request).timezone, **usual})
    if request.method == "POST" and form.is_valid():
        version = _write(form, person_of(request), "calendar.made")
        if version is not None:
            messages.success(request, _("“%(name)s” is made.") % {"name": version.calendar.name})
            return redirect("calendar", version.calendar.public_id)
    return render(request, "calendars/new.html", {"form": form}, status=status_of(form))


@needs("sla.view")
def calendar_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One calendar: the next weeks, who keeps its hours, its versions; changing it makes a new version."""
    calendar = _calendar_or_404(public_id)
    form = None
    if request.method == "POST":
        if not can(person_of(request), "sla.manage"):
            return redirect("calendar", public_id)
        form = CalendarForm(calendar, request.POST)
        if form.is_valid():
            version = _write(form, person_of(request), "calendar.changed")
            if version is not None:
                words = _("Version %(n)s counts from now on; clocks that still run are worked out anew.")
                messages.success(request, words % {"n": version.version})
                return redirect("calendar", public_id)
    return _shown(request, calendar, form=form)


def _shown(
    request: HttpRequest, calendar: Calendar, *, form: Any = None, team: Any = None, ics: Any = None
) -> HttpResponse:
    versions = list(CalendarVersion.objects.filter(calendar=calendar).select_related("created_by").order_by("-version"))
    newest, now = versions[0], timezone.now()
    sent = [one for one in (form, team, ics) if one is not None]
    context = {
        "calendar": calendar,
        "version": newest,
        "versions": versions,
        "weeks": next_weeks(newest, now),
        "people": User.objects.filter(is_active=True, rep_profile__calendar=calendar).order_by("name"),
        "teams": TeamCalendar.objects.filter(calendar=calendar).select_related("team").order_by("team__name"),
        "agreements": Agreement.objects.filter(calendar=calendar).exclude(state=AgreementState.SUPERSEDED),
        "form": form or CalendarForm(calendar, initial=CalendarForm.of(calendar, newest)),
        "team_form": team or TeamHoursForm(),
        "ics_form": ics or IcsForm(),
        "may_manage": can(person_of(request), "sla.manage"),
    }
    status = 422 if any(status_of(one) == 422 for one in sent) else 200
    return render(request, "calendars/calendar.html", context, status=status)


@transaction.atomic
def _write(form: CalendarForm, author: User, action: str) -> CalendarVersion | None:
    """The next version, or None with the refusal on the form."""
    asked, now = form.cleaned_data, timezone.now()
    try:
        version = change_calendar(
            asked["name"],
            zone=asked["zone"],
            week=asked["week"],
            now=now,
            by=author,
            country=asked["country"],
            region=asked["region"],
            own=asked["own_days"],
        )
    except CalendarError as error:
        form.add_error(None, str(error))
        return None
    note(author, action, version.calendar, now, after={"version": version.version})
    return version


@needs("sla.manage")
@require_POST
def team_hours(request: HttpRequest, public_id: str) -> HttpResponse:
    """Gives the calendar to a team: to everybody in it now, and to whoever joins."""
    calendar, form, now = _calendar_or_404(public_id), TeamHoursForm(request.POST), timezone.now()
    if not form.is_valid():
        return _shown(request, calendar, team=form)
    team, author = form.cleaned_data["team"], person_of(request)
    with transaction.atomic():
        changed = give_to_team(team, calendar, now=now, by=author)
        note(author, "calendar.given_to_team", calendar, now, after={"team": str(team.pk), "people": changed})
    words = ngettext(
        "%(team)s keeps these hours; %(n)s person changed.",
        "%(team)s keeps these hours; %(n)s people changed.",
        changed,
    )
    messages.success(request, words % {"team": team.name, "n": changed})
    return redirect("calendar", public_id)


@needs("sla.manage")
@require_POST
def import_days(request: HttpRequest, public_id: str) -> HttpResponse:
    """Reads the whole days of an .ics file and shows which would become days off; nothing changes yet."""
    calendar, form, now = _calendar_or_404(public_id), IcsForm(request.POST, request.FILES), timezone.now()
    if not form.is_valid():
        return _shown(request, calendar, ics=form)
    newest = newest_versions([calendar.pk])[calendar.pk]
    zone = ZoneInfo(newest.zone)
    try:
        found = read_ics(form.cleaned_data["file"].read(), zone=zone, now=now)
    except IcsError as error:
        form.add_error("file", str(error))
        return _shown(request, calendar, ics=form)
    events = [event for event in found.events if event.is_all_day]
    if not events:
        form.add_error("file", _("The file holds no whole days from today on."))
        return _shown(request, calendar, ics=form)
    known = newest.spec.get("own") or {}
    rows = [_preview_row(place, event, zone, known) for place, event in enumerate(events)]
    context = {
        "title": _("Days off from a file"),
        "lede": _("Nothing changes yet. Leave out what is no day off, then save: %(name)s gets a new version.")
        % {"name": calendar.name},
        "back_url": reverse("calendar", args=[public_id]),
        "back_label": calendar.name,
        "calendar": calendar,
        "sealed": seal_events(events, calendar.pk),
        "hidden": [],
        "rows": rows,
        "n_taken": sum(row.can_take for row in rows),
        "problems": found.problems[:10],
        "submit_label": _("Save as new version"),
    }
    return render(request, "calendars/file_preview.html", context)


@needs("sla.manage")
@require_POST
def save_days(request: HttpRequest, public_id: str) -> HttpResponse:
    """Makes days off of what was ticked in the preview."""
    calendar, now = _calendar_or_404(public_id), timezone.now()
    try:
        events = open_events(request.POST.get("sealed", ""), calendar.pk, request.POST.getlist("take"))
    except PreviewTooOld:
        messages.error(request, _("This preview is too old. Choose the file again."))
        return redirect("calendar", public_id)
    zone = ZoneInfo(newest_versions([calendar.pk])[calendar.pk].zone)
    days = {day: {"name": event.name[:80], "windows": []} for event in events for day in _days_of(event, zone)}
    if days:
        with transaction.atomic():
            version = add_own_days(calendar, days, now=now, by=person_of(request))
            note(person_of(request), "calendar.changed", calendar, now, after={"version": version.version})
    words = ngettext("%(n)s day off is added.", "%(n)s days off are added.", len(days))
    messages.success(request, words % {"n": len(days)})
    return redirect("calendar", public_id)


def _days_of(event: Event, zone: ZoneInfo) -> list[str]:
    first, end = event.starts_at.astimezone(zone).date(), event.ends_at.astimezone(zone).date()
    return [(first + timedelta(days=more)).isoformat() for more in range((end - first).days)]


def _preview_row(place: int, event: Event, zone: ZoneInfo, known: Mapping[str, Any]) -> PreviewRow:
    when = span_words(event.starts_at, event.ends_at, zone)
    name = event.name or _("An event without a name")
    days = _days_of(event, zone)
    if all(day in known and not known[day]["windows"] for day in days):
        return PreviewRow(place, name, when, _("a day off already"), "neutral", can_take=False)
    if any(day in known for day in days):
        return PreviewRow(place, name, when, _("day off"), "note", _("instead of what is written down for it"))
    return PreviewRow(place, name, when, _("day off"), "good")


def _calendar_or_404(public_id: str) -> Calendar:
    calendar: Calendar = row_or_404(Calendar.objects.all(), "calendar", public_id)
    return calendar
