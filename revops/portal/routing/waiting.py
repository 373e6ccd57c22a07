"""Leads that nobody could take: why, since when, and how they get somebody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from revops.foundation import outbox
from revops.foundation.models import User
from revops.foundation.policy import can
from revops.portal import notices
from revops.portal.back_office import needs, note, page_of, person_of
from revops.portal.routing.forms import WaitingForm
from sla.handoffs import reassign_handoffs, route_waiting
from sla.models import HandOff
from sla.queries import unrouted

MOST_AT_ONCE = 5000


@needs("sla.view")
@require_GET
def waiting_list(request: HttpRequest) -> HttpResponse:
    """Who waits, oldest first, with the reason."""
    may_route = can(person_of(request), "sla.manage")
    page = page_of(unrouted(), ("handed_off_at", "pk"), request)
    context = {
        "page": page,
        "may_route": may_route,
        "heirs": _heirs() if may_route else [],
        "now": timezone.now(),
    }
    return render(request, "routing/waiting.html", context)


@needs("sla.manage")
@require_POST
def route_again(request: HttpRequest) -> HttpResponse:
    """Tries once more, for those that are ticked, else for all."""
    form, now = _asked(request), timezone.now()
    with transaction.atomic():
        done = route_waiting(now=now, limit=MOST_AT_ONCE, handoff_ids=form.cleaned_data["handoffs"] or None)
        tell_owners(done)
        if done:
            note(person_of(request), "routing.tried_again", person_of(request), now, after={"routed": len(done)})
    words = ngettext("%(n)s lead has somebody now.", "%(n)s leads have somebody now.", len(done))
    if done:
        messages.success(request, words % {"n": len(done)})
    else:
        messages.info(request, _("Still nobody can take them. The list says why."))
    return redirect("routing-waiting")


@needs("sla.manage")
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """Gives the ticked leads to somebody, past rules, capacity and turns; the trace names who decided."""
    form, now = _asked(request), timezone.now()
    heir, chosen = form.cleaned_data.get("heir"), form.cleaned_data.get("handoffs")
    if heir is None or not chosen:
        messages.error(request, _("Tick the leads, and choose who gets them."))
        return redirect("routing-waiting")
    giver = person_of(request)
    with transaction.atomic():
        done = reassign_handoffs(
            chosen, heir.pk, by_id=giver.pk, reason=_("Given by %(name)s") % {"name": giver.name}, now=now
        )
        tell_owners(done)
        note(giver, "routing.given", heir, now, after={"handoffs": len(done)})
    words = ngettext("%(n)s lead went to %(name)s.", "%(n)s leads went to %(name)s.", len(done))
    messages.success(request, words % {"n": len(done), "name": heir.name})
    return redirect("routing-waiting")


def _asked(request: HttpRequest) -> WaitingForm:
    waiting = list(HandOff.objects.unrouted().values_list("pk", flat=True)[:MOST_AT_ONCE])
    known = {str(pk) for pk in waiting}
    data = request.POST.copy()
    data.setlist("handoffs", [pk for pk in data.getlist("handoffs") if pk in known])  # the others have somebody by now
    form = WaitingForm(waiting, _heirs(), data)
    form.is_valid()
    form.cleaned_data.setdefault("handoffs", [])
    return form


def _heirs() -> Any:
    return User.objects.filter(is_active=True, rep_profile__isnull=False).order_by("name")


def tell_owners(handoff_ids: list[Any]) -> None:
    """Tells each owner of the lead they have now."""
    outbox.enqueue(notices.of_handoffs(HandOff.objects.filter(pk__in=handoff_ids)))
