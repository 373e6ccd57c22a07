"""What happens to hand-offs that wait: snoozed, given to somebody else, or routed at last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from revops.foundation.bulk import insert_values
from revops.foundation.round_trips import fetch_together
from sla.clock_state import is_late
from sla.clocks import ClockStart, cancel_clocks, move_clocks, refresh_deadlines, start_clocks
from sla.models import Assignment, AssignmentKind, ClauseSide, Clock, HandOff, PoolOffer
from sla.routing import Hours, load_roster, person_hours, requests_of_leads, route_leads


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
    handoffs = [(pk, owner_id) for pk, _lead, owner_id in _locked_with_leads(handoff_ids) if owner_id != user_id]
    insert_values(
        Assignment,
        [
            {
                "handoff_id": pk,
                "user_id": user_id,
                "kind": AssignmentKind.REASSIGN if owner_id else AssignmentKind.MANUAL,
                "assigned_at": now,
                "assigned_by_id": by_id,
                "reason": reason[:200],
            }
            for pk, owner_id in handoffs
        ],
    )
    return _change_owner(dict.fromkeys((pk for pk, _ in handoffs), user_id), {user_id: hours}, now)


def route_waiting(*, now: datetime, limit: int = 500, handoff_ids: Sequence[UUID] | None = None) -> list[UUID]:
    """Tries to route hand-offs that nobody could take, oldest first, or those given. Returns those with an owner now.

    Those that still nobody can take are left as they are, without another trace; those that somebody put into the
    pool are left to it, unless they are given.
    """
    unrouted = HandOff.objects.unrouted()
    unrouted = unrouted.filter(pk__in=handoff_ids) if handoff_ids is not None else unrouted.exclude(Exists(_GIVEN_UP))
    ids = list(unrouted.values_list("pk", flat=True)[:limit])
    if not ids:
        return []
    waiting = _locked_with_leads(ids)
    requests = requests_of_leads([lead_id for pk, lead_id, owner_id in waiting if owner_id is None], at=now)
    roster = load_roster(now=now, lock=True)
    owners = {
        route.handoff_id: route.user_id
        for route in route_leads(requests, now=now, roster=roster, again=True)
        if route.user_id
    }
    return _change_owner(owners, roster.hours, now)


def reroute_handoffs(
    handoff_ids: Sequence[UUID], *, without: UUID, by_id: UUID, reason: str, now: datetime
) -> list[UUID]:
    """Routes open hand-offs anew, as if `without` were not there. Returns those with a new owner.

    One that nobody can take waits for somebody, with its reason; its clocks run on in the agreement's own hours.
    """
    waiting = _locked_with_leads(handoff_ids)
    if not waiting:
        return []
    roster = load_roster(now=now, lock=True).without(without)
    requests = requests_of_leads([lead_id for _, lead_id, _ in waiting], at=now)
    routed = route_leads(requests, now=now, roster=roster)
    lost = {route.handoff_id: f"{route.reason}; {reason}"[:200] for route in routed if route.user_id is None}
    _leave_without_owner(lost)
    return _change_owner({route.handoff_id: route.user_id for route in routed if route.user_id}, roster.hours, now)


def give_up_handoffs(handoff_ids: Sequence[UUID], *, reason: str, now: datetime) -> list[UUID]:
    """Takes open hand-offs from their owners: anybody may take them, routing leaves them alone. Returns their ids."""
    held = _locked_with_leads(handoff_ids)
    pks = [pk for pk, _, _ in held]
    insert_values(
        Assignment,
        [{"handoff_id": pk, "kind": AssignmentKind.REASSIGN, "assigned_at": now, "reason": reason[:200]} for pk in pks],
    )
    _leave_without_owner(dict.fromkeys(pks, reason[:200]))
    PoolOffer.objects.filter(handoff__in=pks, taken_at__isnull=True).delete()
    insert_values(
        PoolOffer,
        [
            {"handoff_id": pk, "from_user_id": owner_id, "reason": reason[:200], "offered_at": now}
            for pk, _, owner_id in held
        ],
    )
    return pks


_GIVEN_UP = PoolOffer.objects.filter(handoff=OuterRef("pk"), taken_at__isnull=True, from_user__isnull=False)
"""Offers that the one who had the lead left behind; nobody has it, and routing leaves it to whoever takes it."""


def _leave_without_owner(reasons: Mapping[UUID, str]) -> None:
    """Hand-offs and leads have nobody from here on; promises that still hold are those of the side."""
    if not reasons:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NO_OWNER, [list(reasons), list(reasons.values())])
        cursor.execute(
            "UPDATE sla_clock SET user_id = NULL WHERE handoff_id = ANY(%s) AND side = 'sales'"
            " AND met_at IS NULL AND cancelled_at IS NULL",
            [list(reasons)],
        )


_NO_OWNER = """
WITH given AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[]) AS given (handoff_id, reason)
), left_over AS (
    UPDATE sla_handoff handoff
    SET owner_id = NULL, unrouted_reason = given.reason, snoozed_until = NULL, snooze_reason = '', alarmed_at = NULL,
        version = handoff.version + 1
    FROM given WHERE handoff.id = given.handoff_id
    RETURNING handoff.lead_id
)
UPDATE leads_lead lead SET owner_id = NULL, version = lead.version + 1 FROM left_over WHERE lead.id = left_over.lead_id
"""


def _change_owner(owners: Mapping[UUID, UUID], hours: Mapping[UUID, Hours], now: datetime) -> list[UUID]:
    """Sets owners of hand-offs and leads and passes the clocks on, whatever their number in nine statements."""
    if not owners:
        return []
    changed = list(owners)
    with connection.cursor() as cursor:
        cursor.execute(_NEW_OWNERS, [changed, list(owners.values())])
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


_NEW_OWNERS = """
WITH given AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[]) AS given (handoff_id, owner_id)
), handed AS (
    UPDATE sla_handoff handoff
    SET owner_id = given.owner_id, unrouted_reason = '', snoozed_until = NULL, snooze_reason = '',
        version = handoff.version + 1
    FROM given WHERE handoff.id = given.handoff_id
    RETURNING handoff.lead_id, handoff.owner_id
)
UPDATE leads_lead lead SET owner_id = handed.owner_id, version = lead.version + 1
FROM handed WHERE lead.id = handed.lead_id
"""


def _locked_with_leads(handoff_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, UUID | None]]:
    """Locks leads, then their open hand-offs, oldest first: (hand-off, lead, owner). One round trip."""
    _, rows = fetch_together((_LOCK_LEADS, [list(handoff_ids)]), (_LOCK_HANDOFFS, [list(handoff_ids)]))
    return [(row[0], row[1], row[2]) for row in sorted(rows, key=lambda row: (row[3], row[0]))]


_LOCK_LEADS = """
SELECT lead.id FROM leads_lead lead
WHERE lead.id IN (SELECT lead_id FROM sla_handoff WHERE id = ANY(%s)) ORDER BY lead.id FOR UPDATE OF lead
"""
_LOCK_HANDOFFS = """
SELECT id, lead_id, owner_id, handed_off_at FROM sla_handoff
WHERE id = ANY(%s) AND state = 'open' ORDER BY id FOR UPDATE
"""


def _locked(handoff_ids: Sequence[UUID]) -> list[HandOff]:
    """The hand-offs that are open, locked in the order of their ids."""
    return list(HandOff.objects.open().filter(pk__in=handoff_ids).order_by("pk").select_for_update(of=("self",)))


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
