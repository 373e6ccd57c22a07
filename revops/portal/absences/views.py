"""The pages of absences."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from revops.foundation.ids import encode
from revops.foundation.models import Team, User
from revops.foundation.policy import can
from revops.portal.absences.forms import FileForm, PlanForm
from revops.portal.back_office import needs, note, page_of, person_of, row_or_404, status_of
from revops.portal.calendar_files import PreviewRow, PreviewTooOld, open_events, seal_events, span_words
from revops.portal.people.handing_over import open_leads_of
from sla.absences import (
    AbsenceRefused,
    EventTaken,
    cancel_absence,
    import_absences,
    move_absence,
    plan_absence,
    preview_absences,
)
from sla.ics import IcsError, read_ics
from sla.models import Absence


@needs("absences.plan")
def absence_list(request: HttpRequest) -> HttpResponse:
    """Who is away when, from today on; a form for the next absence."""
    planner, now = person_of(request), timezone.now()
    form = _plan_form(planner, request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, (starts_at, ends_at) = form.who(), form.span()
        try:
            with transaction.atomic():
                kind = form.cleaned_data["kind"]
                absence = plan_absence(person, starts_at, ends_at, kind=kind, by=planner, now=now)
                note(planner, "absence.added", person, now, after=_span(absence))
        except AbsenceRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            _say_planned(request, person, absence)
            return redirect("absences")
    return _shown(request, form=form)


def _shown(request: HttpRequest, *, form: Any = None, file_form: Any = None) -> HttpResponse:
    planner, now = person_of(request), timezone.now()
    sent = [one for one in (form, file_form) if one is not None]
    rows = _absences_for(planner).filter(ends_at__gt=now).select_related("user__team")
    if team := request.GET.get("team"):
        rows = rows.filter(user__team__name=team)
    for_all = can(planner, "sla.manage")
    page = page_of(rows, ("starts_at", "pk"), request)
    context = {
        "page": page,
        "rows": [(absence, *_words(absence), encode("user", absence.user_id)) for absence in page.rows],
        "form": form or _plan_form(planner),
        "file_form": file_form or FileForm(for_all=for_all),
        "for_all": for_all,
        "teams": [(name, name) for name in Team.objects.values_list("name", flat=True)] if for_all else [],
        "active": int(bool(request.GET.get("team"))),
        "now": now,
    }
    status = 422 if any(status_of(one) == 422 for one in sent) else 200
    return render(request, "absences/list.html", context, status=status)


@needs("absences.plan")
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Changes when and why somebody is away."""
    planner, now = person_of(request), timezone.now()
    absence = _absence_or_404(planner, public_id)
    form = _plan_form(planner, request.POST or None, person=absence.user, initial=_initial(absence))
    if request.method == "POST" and form.is_valid():
        before = _span(absence)
        try:
            with transaction.atomic():
                starts_at, ends_at = form.span()
                kind = form.cleaned_data["kind"]
                absence = move_absence(absence, starts_at, ends_at, kind=kind, by=planner, now=now)
                note(planner, "absence.moved", absence.user, now, before=before, after=_span(absence))
        except AbsenceRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The absence is changed."))
            return redirect("absences")
    context = {"form": form, "absence": absence}
    return render(request, "absences/edit.html", context, status=status_of(form))


@needs("absences.plan")
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Takes an absence back."""
    planner, now = person_of(request), timezone.now()
    absence = _absence_or_404(planner, public_id)
    with transaction.atomic():
        note(planner, "absence.removed", absence.user, now, before=_span(absence))
        cancel_absence(absence, by=planner, now=now)
    messages.success(request, _("The absence is cancelled."))
    return redirect("absences")


@needs("absences.plan")
@require_POST
def import_file(request: HttpRequest) -> HttpResponse:
    """Reads an .ics file and shows what would be planned, moved and refused; nothing changes yet."""
    planner, now = person_of(request), timezone.now()
    form = FileForm(request.POST, request.FILES, for_all=can(planner, "sla.manage"))
    if not form.is_valid():
        return _shown(request, file_form=form)
    person: User = form.cleaned_data.get("person") or planner
    try:
        found = read_ics(form.cleaned_data["file"].read(), zone=ZoneInfo(person.timezone), now=now)
    except IcsError as error:
        form.add_error("file", str(error))
        return _shown(request, file_form=form)
    done = preview_absences(person, found.events, by=planner, now=now)
    rows = [_preview_row(place, row, ZoneInfo(person.timezone)) for place, row in enumerate(done.rows)]
    taken = sum(row.can_take for row in rows)
    context = {
        "title": _("Absences of %(name)s from a file") % {"name": person.name},
        "lede": _("Nothing is planned yet. Leave out what is no absence, then save."),
        "back_url": reverse("absences"),
        "back_label": _("Absences"),
        "sealed": seal_events(found.events, person.pk),
        "hidden": [("person", encode("user", person.pk))],
        "rows": rows,
        "n_taken": taken,
        "problems": found.problems[:10],
        "submit_label": _("Plan what is ticked"),
    }
    return render(request, "calendars/file_preview.html", context)


@needs("absences.plan")
@require_POST
def save_file(request: HttpRequest) -> HttpResponse:
    """Plans what was ticked in the preview; the same file again changes only what moved."""
    planner, now = person_of(request), timezone.now()
    people = User.objects.filter(is_active=True) if can(planner, "sla.manage") else User.objects.filter(pk=planner.pk)
    person: User = row_or_404(people, "user", request.POST.get("person", ""))
    try:
        events = open_events(request.POST.get("sealed", ""), person.pk, request.POST.getlist("take"))
    except PreviewTooOld:
        messages.error(request, _("This preview is too old. Choose the file again."))
        return redirect("absences")
    with transaction.atomic():
        done = import_absences(person, events, by=planner, now=now)
        made, moved = done.count("made"), done.count("moved")
        note(planner, "absences.imported", person, now, after={"made": made, "moved": moved})
    words = ngettext("%(n)s absence is planned", "%(n)s absences are planned", made) % {"n": made}
    messages.success(request, _("%(words)s, %(moved)s moved.") % {"words": words, "moved": moved})
    for row in done.refusals[:10]:
        messages.warning(request, f"{row.event.name or _('An event')}: {row.why}")
    return redirect("absences")


_VERDICTS = {
    "made": (gettext_lazy("new"), "good"),
    "moved": (gettext_lazy("moves"), "note"),
    "same": (gettext_lazy("known already"), "neutral"),
    "refused": (gettext_lazy("cannot be planned"), "bad"),
}


def _preview_row(place: int, row: EventTaken, zone: ZoneInfo) -> PreviewRow:
    words, tone = _VERDICTS[row.what]
    before = _("before: %(when)s") % {"when": span_words(*row.was, zone)} if row.was else ""
    return PreviewRow(
        place,
        row.event.name or _("An event without a name"),
        span_words(row.event.starts_at, row.event.ends_at, zone),
        str(words),
        tone,
        row.why or before,
        can_take=row.what in ("made", "moved"),
    )


def _plan_form(planner: User, data: Any = None, **more: Any) -> PlanForm:
    return PlanForm(planner, data, for_all=can(planner, "sla.manage"), **more)


def _absences_for(planner: User) -> QuerySet[Absence]:
    """One's own; everybody's for whoever plans for all."""
    return Absence.objects.all() if can(planner, "sla.manage") else Absence.objects.filter(user=planner)


def _absence_or_404(planner: User, public_id: str) -> Absence:
    absence: Absence = row_or_404(_absences_for(planner).select_related("user"), "absence", public_id)
    if absence.ends_at <= timezone.now():
        raise Http404
    return absence


def _say_planned(request: HttpRequest, person: User, absence: Absence) -> None:
    messages.success(request, _("%(name)s is away %(when)s.") % {"name": person.name, "when": _words(absence)[0]})
    leads = open_leads_of(person).count()
    if leads:
        words = ngettext(
            "%(name)s has %(n)s open lead. Somebody should have it meanwhile.",
            "%(name)s has %(n)s open leads. Somebody should have them meanwhile.",
            leads,
        )
        messages.warning(request, words % {"name": person.name, "n": leads})


def _words(absence: Absence) -> tuple[str, bool]:
    """When, in the person's own zone, and whether it covers whole days. The year is said where it is not this one."""
    zone = ZoneInfo(absence.user.timezone)
    start, end = absence.starts_at.astimezone(zone), absence.ends_at.astimezone(zone)
    if _is_whole(start, end):
        last_day = (end - timedelta(seconds=1)).date()
        if last_day == start.date():
            return _("on %(day)s") % {"day": _day(start)}, True
        return _("from %(first)s to %(last)s") % {"first": f"{start:%-d %b}", "last": _day(last_day)}, True
    if end.time() == time():
        words, last = _("from %(first)s to the end of %(last)s"), _day((end - timedelta(seconds=1)).date())
        if (end - timedelta(seconds=1)).date() == start.date():
            return _("on %(day)s from %(time)s") % {"day": _day(start), "time": f"{start:%H:%M}"}, False
    else:
        words, last = (
            _("from %(first)s to %(last)s"),
            f"{end:%H:%M}" if start.date() == end.date() else f"{_day(end)} {end:%H:%M}",
        )
    return words % {"first": f"{_day(start)} {start:%H:%M}", "last": last}, False


def _day(day: date) -> str:
    return f"{day:%-d %b}" if day.year == timezone.localdate().year else f"{day:%-d %b %Y}"


def _is_whole(start: datetime, end: datetime) -> bool:
    return (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0)


def _initial(absence: Absence) -> dict[str, Any]:
    zone = ZoneInfo(absence.user.timezone)
    start, end = absence.starts_at.astimezone(zone), absence.ends_at.astimezone(zone)
    if _is_whole(start, end):
        last = (end - timedelta(seconds=1)).date()
        return {"first": start.date(), "last": last, "kind": absence.kind}
    return {"first": start.date(), "last": end.date(), "from_time": start.time(), "until_time": end.time(),
            "kind": absence.kind}  # fmt: skip


def _span(absence: Absence) -> dict[str, Any]:
    """Without the kind: that somebody was ill is nobody's business for ever."""
    return {"starts_at": absence.starts_at.isoformat(), "ends_at": absence.ends_at.isoformat()}
