"""Somebody's place in routing, and the days on which they are away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.portal.back_office import facts_of, needs, note, person_of
from revops.portal.people.changing import ChangeRefused, add_absence, remove_absence
from revops.portal.people.forms import AbsenceForm, RoutingForm
from revops.portal.people.views import person_or_404, shown_person
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
            asked["calendar"] or write_office_hours(now, zone=person.timezone),
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
