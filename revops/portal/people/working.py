"""Somebody's place in routing, and the days on which they are away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from revops.foundation.ids import encode
from revops.portal.back_office import facts_of, needs, note, person_of, status_of
from revops.portal.people.changing import ChangeRefused, add_absence, open_work_of, remove_absence
from revops.portal.people.forms import AbsenceForm, LeavingForm, RoutingForm
from revops.portal.people.handing_over import HandOverRefused, hand_over, possible_heirs, preview
from revops.portal.people.views import person_or_404, shown_person
from sla.calendar_changes import calendar_of_team
from sla.models import Absence, RepProfile
from sla.starter import save_rep_profile, write_office_hours

_IN_LEDGER = ("weight", "capacity", "calendar_id", "is_routable", "countries", "tiers")


@needs("sla.manage")
@require_POST
def save_routing(request: HttpRequest, public_id: str) -> HttpResponse:
    """Says whether and how somebody takes leads."""
    person = person_or_404(public_id)
    profile = RepProfile.objects.filter(user=person).first()
    form = RoutingForm(profile, request.POST)
    if not form.is_valid():
        return shown_person(request, person, routing=form)
    now, asked = timezone.now(), form.cleaned_data
    before = facts_of(profile, _IN_LEDGER) if profile else None
    with transaction.atomic():
        saved = save_rep_profile(
            person,
            asked["calendar"] or calendar_of_team(person.team_id) or write_office_hours(now, zone=person.timezone),
            now=now,
            weight=asked["weight"],
            capacity=asked["capacity"],
            is_routable=asked["is_routable"],
            countries=asked["countries"],
            tiers=asked["tiers"],
        )
        note(person_of(request), "routing.changed", person, now, before=before, after=facts_of(saved, _IN_LEDGER))
    messages.success(request, _("The place of %(name)s in routing is saved.") % {"name": person.name})
    return redirect("person", public_id)


@needs("sla.manage")
@require_POST
def new_absence(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody will be away."""
    person = person_or_404(public_id)
    form = AbsenceForm(request.POST)
    if form.is_valid():
        first, last, kind = (form.cleaned_data[name] for name in ("first", "last", "kind"))
        try:
            add_absence(person, first, last, kind, person_of(request), timezone.now())
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("%(name)s is away from %(first)s to %(last)s.")
            messages.success(
                request, words % {"name": person.name, "first": f"{first:%-d %b}", "last": f"{last:%-d %b %Y}"}
            )
            return redirect("person", public_id)
    return shown_person(request, person, absence=form)


@needs("sla.manage")
@require_POST
def end_absence(request: HttpRequest, public_id: str, pk: UUID) -> HttpResponse:
    """Takes an absence back."""
    person = person_or_404(public_id)
    absence = get_object_or_404(Absence.objects.select_related("user"), pk=pk, user=person)
    remove_absence(absence, person_of(request), timezone.now())
    messages.success(request, _("The absence is removed."))
    return redirect("person", public_id)


@needs("sla.manage")
def hand_leads_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """Moves somebody's open leads, before a leave for example; shows first who would have which."""
    person, now = person_or_404(public_id), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    form = LeavingForm(possible_heirs(person), asked or None)
    shown = None
    if form.is_bound and form.is_valid():
        how, heir, by = form.cleaned_data["how"], form.cleaned_data["heir"], person_of(request)
        try:
            if request.method == "POST":
                reason = _("Handed over by %(name)s") % {"name": by.name}
                with transaction.atomic():
                    moved = hand_over(person, how, by=by, now=now, reason=reason, heir=heir)
                    note(by, "person.leads_handed_over", person, now, after={"leads": moved, "how": str(how)})
                words = ngettext("%(n)s lead changed hands.", "%(n)s leads changed hands.", moved)
                messages.success(request, words % {"n": moved})
                return redirect("person", public_id)
            shown = preview(person, how, heir, now=now)
        except HandOverRefused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "person": person,
        "public_id": encode("user", person.pk),
        "form": form,
        "shown": shown,
        "work": open_work_of(person),
    }
    return render(request, "people/hand_over.html", context, status=status_of(form))
