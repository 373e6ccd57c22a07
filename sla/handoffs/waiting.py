"""What happens to hand-offs that wait: snoozed, given to somebody else, or routed at last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from leads.models import Lead
from revops.foundation.bulk import insert_rows
from sla.candidates import RouteRequest
from sla.clock_state import is_late
from sla.clocks import ClockStart, cancel_clocks, move_clocks, refresh_deadlines, start_clocks
from sla.models import Assignment, AssignmentKind, ClauseSide, Clock, HandOff
from sla.routing import Hours, load_roster, person_hours, preview_routes, route_leads


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Which hand-offs sleep now, and in words why the others do not."""

    done: list[UUID]
    refused: dict[UUID, str]


def snooze_handoffs(
    handoff_ids: Sequence[UUID], *, until: datetime, now: datetime, user_id: UUID, reason: str = ""
) -> Snoozed:
    """Puts open hand-offs of `user_id` out of the queue until `until`. No clock stops.

    Past the deadline of a hand-off it takes a reason. Two queries.
    """
    waiting = {handoff.pk: handoff for handoff in _locked(handoff_ids)}
    refused = {
        pk: words for pk in handoff_ids if (words := _why_not(waiting.get(pk), until, reason.strip(), user_id, now))
    }
    done = [pk for pk in handoff_ids if pk not in refused]
    HandOff.objects.filter(pk__in=done).update(
        snoozed_until=until, snooze_reason=reason.strip()[:200], version=F("version") + 1
    )
    return Snoozed(done, refused)


def wake_handoffs(handoff_ids: Sequence[UUID]) -> int:
    """Brings snoozed hand-offs back into the queue at once."""
    asleep = HandOff.objects.open().filter(pk__in=handoff_ids, snoozed_until__isnull=False)
    return asleep.update(snoozed_until=None, snooze_reason="", version=F("version") + 1)


def reassign_handoffs(
    handoff_ids: Sequence[UUID], user_id: UUID, *, by_id: UUID, reason: str, now: datetime
) -> list[UUID]:
    """Gives open hand-offs to somebody else, their leads too. Returns the ids of those that changed hands.

    A deadline that still holds stays: it was promised to the buyer. One that nobody in particular had, or that was
    missed, is called off (a missed one stays a breach of whoever had it), and the new owner gets a fresh promise in
    their own hours. Raises ValueError if the new owner has no rep profile.
    """
    hours = person_hours(user_id, now=now)
    _lock_leads(handoff_ids)
    handoffs = [handoff for handoff in _locked(handoff_ids) if handoff.owner_id != user_id]
    insert_rows(
        Assignment,
        [
            Assignment(
                handoff_id=handoff.pk,
                user_id=user_id,
                kind=AssignmentKind.REASSIGN if handoff.owner_id else AssignmentKind.MANUAL,
                assigned_at=now,
                assigned_by_id=by_id,
                reason=reason[:200],
            )
            for handoff in handoffs
        ],
    )
    return _change_owner(handoffs, dict.fromkeys((handoff.pk for handoff in handoffs), user_id), {user_id: hours}, now)


def route_waiting(*, now: datetime, limit: int = 500) -> list[UUID]:
    """Tries to route hand-offs that nobody could take, oldest first. Returns the ids of those that have an owner now.

    Those that still nobody can take are left as they are, without another trace.
    """
    ids = list(HandOff.objects.unrouted().values_list("pk", flat=True)[:limit])
    if not ids:
        return []
    _lock_leads(ids)
    handoffs = [handoff for handoff in _locked(ids, "lead__person", "lead__account") if handoff.owner_id is None]
    requests = [
        RouteRequest(
            lead_id=handoff.lead_id,
            handoff_id=handoff.pk,
            at=now,
            tier=handoff.tier,
            country=handoff.lead.person.country or (handoff.lead.account.country if handoff.lead.account else ""),
            account_owner_id=handoff.lead.account.owner_id if handoff.lead.account else None,
            account_id=handoff.lead.account_id,
        )
        for handoff in handoffs
    ]
    possible = [
        request
        for request, choice in zip(requests, preview_routes(requests, now=now), strict=True)
        if choice.user_id is not None
    ]
    roster = load_roster(now=now, lock=True)
    owners = {
        route.handoff_id: route.user_id for route in route_leads(possible, now=now, roster=roster) if route.user_id
    }
    return _change_owner([handoff for handoff in handoffs if handoff.pk in owners], owners, roster.hours, now)


def _change_owner(
    handoffs: Sequence[HandOff], owners: Mapping[UUID, UUID], hours: Mapping[UUID, Hours], now: datetime
) -> list[UUID]:
    """Sets owners of hand-offs and leads and passes the clocks on; a few queries for each distinct owner."""
    by_owner: dict[UUID, list[HandOff]] = {}
    for handoff in handoffs:
        by_owner.setdefault(owners[handoff.pk], []).append(handoff)
    for owner_id, group in by_owner.items():
        Lead.objects.filter(pk__in=[handoff.lead_id for handoff in group]).update(
            owner_id=owner_id, version=F("version") + 1
        )
        HandOff.objects.filter(pk__in=[handoff.pk for handoff in group]).update(
            owner_id=owner_id, unrouted_reason="", snoozed_until=None, snooze_reason="", version=F("version") + 1
        )
    changed = [handoff.pk for handoff in handoffs]
    running = (
        Clock.objects.open()
        .filter(handoff_id__in=changed, side=ClauseSide.SALES)
        .select_related("clause")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    afresh: list[Clock] = []
    kept: dict[UUID, list[UUID]] = {}
    for clock in running:
        if clock.user_id is None or is_late(clock, now):
            afresh.append(clock)
        elif clock.handoff_id is not None:
            kept.setdefault(owners[clock.handoff_id], []).append(clock.pk)
    for owner_id, clock_ids in kept.items():
        move_clocks(clock_ids, owner_id)
    cancel_clocks([clock.pk for clock in afresh], at=now, reason="reassigned")
    start_clocks(
        [
            ClockStart(clock.clause, clock.lead_id, now, clock.handoff_id, owner, hours[owner])
            for clock in afresh
            if clock.handoff_id and (owner := owners[clock.handoff_id])
        ],
        now=now,
    )
    refresh_deadlines(changed)
    return changed


def _locked(handoff_ids: Sequence[UUID], *related: str) -> list[HandOff]:
    """The hand-offs that are open, locked in the order of their ids."""
    rows = HandOff.objects.open().filter(pk__in=handoff_ids).order_by("pk").select_for_update(of=("self",))
    return list(rows.select_related(*related) if related else rows)


def _lock_leads(handoff_ids: Sequence[UUID]) -> None:
    """Leads are locked before hand-offs and clocks, everywhere."""
    leads = Lead.objects.filter(handoffs__in=handoff_ids).order_by("pk").select_for_update(of=("self",))
    list(leads.values_list("pk", flat=True))


def _why_not(handoff: HandOff | None, until: datetime, reason: str, user_id: UUID, now: datetime) -> str:
    """Why a hand-off cannot be snoozed, in words; empty if it can."""
    if handoff is None:
        return _("This hand-off is answered already.")
    if handoff.owner_id is not None and handoff.owner_id != user_id:
        return _("This lead waits for somebody else. Only its owner can snooze it.")
    if until <= now:
        return _("Choose a time that is still to come.")
    if handoff.due_at is not None and until > handoff.due_at and not reason:
        return _("That is after its deadline, which keeps running. Say why it can wait.")
    return ""
