"""Hands leads to sales: routes them, moves them and starts both sides' clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from leads.lifecycle import Stage
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows, new_rows
from revops.foundation.ids import new_ids
from revops.foundation.round_trips import fetch_together, one_round_trip
from sla.calendars import hours_of, newest_versions
from sla.candidates import RouteRequest
from sla.clocks import DETAILS_MISSING, ClockStart, Evidence, meet_clocks, resume_for_details, start_clocks
from sla.models import Clause, ClauseSide, Clock, HandOff, Measure
from sla.routing import (
    Hours,
    Roster,
    first_owners_statement,
    roster_of,
    roster_statements,
    route_leads,
)

DETAILS_WITHIN, FIRST_CONTACT, DECISION = "details_within", "first_contact", "decision"
CLOCKS_EACH = 3
"""Clocks that one hand-off starts at most."""


@dataclass(frozen=True, slots=True)
class HandOffRequest:
    """One lead that is sales' to answer from `at` on.

    `details_complete` says whether marketing told all it promised to tell; `cause_…` what qualified the lead.
    """

    lead_id: UUID
    from_stage: str
    tier: int
    priority: int
    qualified_at: datetime
    at: datetime
    account_id: UUID | None
    account_owner_id: UUID | None
    country: str
    score_decision_id: int | None
    details_complete: bool
    cause_kind: str
    cause_id: str = ""
    employees: int | None = None
    source: str = ""
    industry: str = ""
    language: str = ""


def hand_off_leads(requests: Sequence[HandOffRequest], *, now: datetime) -> list[HandOff]:
    """Routes the leads, moves them to sales with their owner and starts both sides' clocks, in the order given.

    A lead that no longer stands where its request says, or comes twice, is left out. Nobody to route to: the
    hand-off has no owner and waits in the unrouted list, its clocks in the agreement's own hours. The number of
    queries does not depend on the number of leads. Only for live leads: history never starts a clock.
    """
    if not requests:
        return []
    ready, roster, earlier, clauses = _read(requests, now=now)
    if not ready:
        return []
    numbers = _numbers([request.lead_id for request in ready if request.from_stage != Stage.NEW])
    handoffs = new_rows(
        HandOff,
        [
            {
                "id": identifier,
                "lead_id": request.lead_id,
                "number": numbers.get(request.lead_id, 0) + 1,
                "tier": request.tier,
                "priority": request.priority,
                "qualified_at": request.qualified_at,
                "handed_off_at": request.at,
                "score_decision_id": request.score_decision_id,
                "cause_kind": request.cause_kind,
                "cause_id": request.cause_id,
            }
            for request, identifier in zip(ready, new_ids(len(ready), now), strict=True)
        ],
    )
    with one_round_trip(len(ready) * CLOCKS_EACH):
        _write(handoffs, ready, roster, earlier, clauses, now=now)
    return handoffs


def _read(
    requests: Sequence[HandOffRequest], *, now: datetime
) -> tuple[list[HandOffRequest], Roster, dict[UUID, UUID], dict[str, Clause]]:
    """Locks leads and balances, in this order, and reads all that routing asks. One round trip.

    Keeps the first request of each lead that stands where its request says. Answers also with the first owners of
    accounts, and the clauses in effect.
    """
    wanted: dict[UUID, HandOffRequest] = {}
    for request in requests:
        wanted.setdefault(request.lead_id, request)
    accounts = [request.account_id for request in wanted.values() if request.account_id is not None]
    stage_rows, balances, open_work, owners, agreements = fetch_together(
        (_LOCK_LEADS, [list(wanted)]),
        *roster_statements(lock=True),
        first_owners_statement(accounts, at=min(request.at for request in wanted.values())),
        (_LIVE_AGREEMENT, ()),
    )
    stages = dict(stage_rows)
    ready = [request for request in wanted.values() if stages.get(request.lead_id) == request.from_stage]
    return (
        ready,
        roster_of(balances, open_work, now=now),
        dict(owners),
        clauses_of(agreements[0][0]) if agreements else {},
    )


_LOCK_LEADS = "SELECT id, stage FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_LIVE_AGREEMENT = "SELECT id FROM sla_agreement WHERE state = 'live'"


def _write(
    handoffs: list[HandOff],
    ready: Sequence[HandOffRequest],
    roster: Roster,
    earlier: Mapping[UUID, UUID],
    clauses: Mapping[str, Clause],
    *,
    now: datetime,
) -> None:
    """Assignments, turns, clocks, hand-offs, and the moves of the leads."""
    _route(handoffs, ready, roster, earlier, now=now)
    starts = _promises(handoffs, [request.details_complete for request in ready], roster, clauses)
    deadlines = _earliest(start_clocks(starts, now=now))
    for handoff in handoffs:
        handoff.due_at = deadlines.get(handoff.pk)
    insert_rows(HandOff, handoffs)
    move_leads(
        [
            Move(
                request.lead_id,
                request.from_stage,
                Stage.HANDED_OFF,
                request.at,
                request.cause_kind,
                request.cause_id,
                None,
                handoff.owner_id,
            )
            for request, handoff in zip(ready, handoffs, strict=True)
        ],
        now=now,
    )


def complete_details(told: Mapping[UUID, datetime], *, now: datetime) -> list[UUID]:
    """Marketing told the rest, lead by lead at that time: its promise is kept, in time or late. The clocks met.

    Sales' clocks of these hand-offs, which stood still until then, run from that time on.
    """
    met = meet_clocks(DETAILS_WITHIN, [Evidence(lead_id, at, "details") for lead_id, at in told.items()], now=now)
    by_time: dict[datetime, list[UUID]] = defaultdict(list)
    for handoff_id, met_at in Clock.objects.filter(pk__in=met).values_list("handoff_id", "met_at") if met else ():
        if handoff_id and met_at:
            by_time[met_at].append(handoff_id)
    for at, handoff_ids in by_time.items():
        resume_for_details(handoff_ids, at=at)
    return met


def _numbers(lead_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often each lead was handed off so far. A new lead never was: no query for those."""
    if not lead_ids:
        return {}
    earlier = HandOff.objects.filter(lead_id__in=lead_ids).values_list("lead_id")
    return dict(earlier.annotate(latest=Max("number")))


def _route(
    handoffs: Sequence[HandOff],
    requests: Sequence[HandOffRequest],
    roster: Roster,
    earlier: Mapping[UUID, UUID],
    *,
    now: datetime,
) -> None:
    """Sets the owner of each hand-off, or why it has none."""
    routed = route_leads(
        [
            RouteRequest(
                lead_id=request.lead_id,
                handoff_id=handoff.pk,
                at=request.at,
                tier=request.tier,
                country=request.country,
                account_owner_id=request.account_owner_id,
                first_owner_id=earlier.get(request.account_id) if request.account_id else None,
                account_id=request.account_id,
                employees=request.employees,
                source=request.source,
                industry=request.industry,
                language=request.language,
            )
            for handoff, request in zip(handoffs, requests, strict=True)
        ],
        now=now,
        roster=roster,
    )
    for handoff, route in zip(handoffs, routed, strict=True):
        handoff.owner_id = route.user_id
        handoff.unrouted_reason = "" if route.user_id else route.reason


def _promises(
    handoffs: Sequence[HandOff], complete: Sequence[bool], roster: Roster, clauses: Mapping[str, Clause]
) -> list[ClockStart]:
    """What both sides promise about each hand-off under the live agreement.

    While marketing's details are missing sales' clocks stand still: a late hand-off is marketing's breach, not the
    rep's.
    """
    standard = standard_hours(clauses) if any(handoff.owner_id is None for handoff in handoffs) else None
    starts = []
    for handoff, is_complete in zip(handoffs, complete, strict=True):
        if DETAILS_WITHIN in clauses:
            starts.append(_details(clauses[DETAILS_WITHIN], handoff, is_complete))
        waits = "" if is_complete or DETAILS_WITHIN not in clauses else DETAILS_MISSING
        hours = roster.hours[handoff.owner_id] if handoff.owner_id else standard
        starts += [
            ClockStart(
                clauses[code],
                handoff.lead_id,
                handoff.handed_off_at,
                handoff.pk,
                handoff.owner_id,
                hours,
                pause_reason=waits,
            )
            for code in (FIRST_CONTACT, DECISION)
            if code in clauses
        ]
    return starts


def _details(clause: Clause, handoff: HandOff, is_complete: bool) -> ClockStart:
    start = ClockStart(clause, handoff.lead_id, min(handoff.qualified_at, handoff.handed_off_at), handoff.pk)
    if not is_complete:
        return start
    return ClockStart(
        clause,
        handoff.lead_id,
        start.started_at,
        handoff.pk,
        met_at=handoff.handed_off_at,
        met_by_kind="handoff",
        met_by_id=str(handoff.pk),
    )


def live_clauses() -> dict[str, Clause]:
    """The clauses with a clock of the agreement in effect, by code; none before one is signed. One query."""
    (rows,) = fetch_together((_LIVE_AGREEMENT, ()))
    return clauses_of(rows[0][0]) if rows else {}


def clauses_of(agreement_id: UUID) -> dict[str, Clause]:
    """The clauses with a clock of an agreement that took effect, by code.

    They are kept in memory: the database refuses to change them.
    """
    if agreement_id not in _clauses:
        clauses = Clause.objects.filter(agreement=agreement_id, measure=Measure.CLOCK).select_related("agreement")
        _clauses[agreement_id] = {clause.code: clause for clause in clauses}
    return _clauses[agreement_id]


_clauses: dict[UUID, dict[str, Clause]] = {}


def standard_hours(clauses: Mapping[str, Clause]) -> Hours | None:
    """The hours of the agreement itself, for promises that nobody in particular keeps yet."""
    for clause in clauses.values():
        version = newest_versions([clause.agreement.calendar_id])[clause.agreement.calendar_id]
        return Hours(version, hours_of(version))
    return None


def _earliest(clocks: Sequence[Clock]) -> dict[UUID, datetime]:
    deadlines: dict[UUID, datetime] = {}
    for clock in clocks:
        if clock.side == ClauseSide.SALES and clock.handoff_id is not None and clock.paused_at is None:
            deadlines[clock.handoff_id] = min(clock.due_at, deadlines.get(clock.handoff_id, clock.due_at))
    return deadlines
