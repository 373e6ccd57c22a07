"""Hands somebody's open leads over: to one colleague, to whoever routing finds, or to the pool; with a preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.lifecycle import SALES_STAGES
from leads.models import Lead
from revops.foundation.models import User
from sla.clocks import move_clocks
from sla.handoffs import give_up_handoffs, reassign_handoffs, reroute_handoffs
from sla.models import Clock, HandOff
from sla.routing import requests_of_leads, try_routes


class How(TextChoices):
    HEIR = "heir", gettext_lazy("to one colleague")
    ROUTE = "route", gettext_lazy("routed anew, in turn")
    POOL = "pool", gettext_lazy("to the pool: whoever takes them first")


class HandOverRefused(Exception):
    """It is not possible like this; the message says what to do first."""


@dataclass(frozen=True, slots=True)
class Next:
    """Who would have one lead afterwards: their name, or none, and why."""

    lead: Lead
    name: str
    reason: str


def open_leads_of(person: User) -> QuerySet[Lead]:
    """Leads that are with sales and whose owner is `person`."""
    return Lead.objects.shown().filter(owner=person, stage__in=SALES_STAGES)


def possible_heirs(person: User) -> QuerySet[User]:
    """Colleagues who can take leads over."""
    return User.objects.filter(is_active=True, rep_profile__isnull=False).exclude(pk=person.pk).order_by("name")


def preview(person: User, how: str, heir: User | None, *, now: datetime) -> list[Next]:
    """Who would have each open lead of `person` afterwards; writes nothing. Four queries at most."""
    leads = list(open_leads_of(person).select_related("person", "account").order_by("received_at", "pk"))
    if how == How.HEIR:
        return [Next(lead, heir.name if heir else "", _("chosen by you")) for lead in leads]
    waiting = set(_open_handoffs(person).values_list("lead_id", flat=True))
    routed = leads if how == How.ROUTE else [lead for lead in leads if lead.pk not in waiting]
    run = try_routes(requests_of_leads([lead.pk for lead in routed], at=now), now=now, without=person.pk)
    names = dict(possible_heirs(person).values_list("pk", "name"))
    chosen = {
        request.lead_id: (names.get(choice.user_id, "") if choice.user_id else "", str(choice.reason))
        for request, choice in zip(run.requests, run.choices, strict=True)
    }
    pooled = ("", _("in the pool until somebody takes it"))
    return [Next(lead, *chosen.get(lead.pk, pooled)) for lead in leads]


@transaction.atomic
def hand_over(person: User, how: str, *, by: User, now: datetime, reason: str, heir: User | None = None) -> int:
    """Moves all open leads of `person`; deadlines that still hold stay, a missed one stays theirs. Answers how many.

    The pool takes hand-offs that wait for an answer; leads that `person` accepted are routed anew then. Raises
    HandOverRefused if a decision is missing, or if nobody could take an accepted lead.
    """
    leads = list(open_leads_of(person).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    handoffs = list(_open_handoffs(person).values_list("pk", flat=True))
    if not leads and not handoffs:
        return 0
    if how == How.HEIR:
        _give_to(person, _heir(person, heir, len(leads)), leads, handoffs, by=by, now=now, reason=reason)
        return len(leads)
    if how == How.POOL:
        give_up_handoffs(handoffs, reason=reason, now=now)
    else:
        reroute_handoffs(handoffs, without=person.pk, by_id=by.pk, reason=reason, now=now)
    accepted = list(Lead.objects.filter(pk__in=leads, owner=person).values_list("pk", flat=True))
    _route_accepted(person, accepted, by=by, now=now, reason=reason)
    return len(leads)


def _heir(person: User, heir: User | None, leads: int) -> User:
    if heir is None:
        words = ngettext(
            "%(name)s has %(n)s open lead. Say who takes it over.",
            "%(name)s has %(n)s open leads. Say who takes them over.",
            leads,
        )
        raise HandOverRefused(words % {"name": person, "n": leads})
    if not possible_heirs(person).filter(pk=heir.pk).exists():
        raise HandOverRefused(_("%(name)s cannot take leads: give them a place in routing first.") % {"name": heir})
    return heir


def _give_to(
    person: User, heir: User, leads: Sequence[UUID], handoffs: Sequence[UUID], *, by: User, now: datetime, reason: str
) -> None:
    reassign_handoffs(handoffs, heir.pk, by_id=by.pk, reason=reason, now=now)
    Lead.objects.filter(pk__in=leads, owner=person).update(owner=heir, version=F("version") + 1)
    running = Clock.objects.open().filter(user=person, lead__in=leads).values_list("pk", flat=True)
    move_clocks(list(running), heir.pk)


def _route_accepted(person: User, leads: Sequence[UUID], *, by: User, now: datetime, reason: str) -> None:
    """Leads that were accepted have no hand-off that waits: each goes where routing would send it now."""
    if not leads:
        return
    run = try_routes(requests_of_leads(leads, at=now), now=now, without=person.pk)
    if run.nobody:
        words = ngettext(
            "Nobody can take %(n)s lead that was accepted already. Choose a colleague.",
            "Nobody can take %(n)s leads that were accepted already. Choose a colleague.",
            run.nobody,
        )
        raise HandOverRefused(words % {"n": run.nobody})
    by_heir: dict[UUID, list[UUID]] = {}
    for request, choice in zip(run.requests, run.choices, strict=True):
        if choice.user_id is not None:
            by_heir.setdefault(choice.user_id, []).append(request.lead_id)
    for heir in User.objects.filter(pk__in=by_heir).order_by("pk"):
        _give_to(person, heir, by_heir[heir.pk], [], by=by, now=now, reason=reason)


def _open_handoffs(person: User) -> QuerySet[HandOff]:
    return HandOff.objects.open().filter(owner=person)
