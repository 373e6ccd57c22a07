"""Chooses owners of hand-offs, and writes down whom, why and why not the others."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from revops.foundation.bulk import insert_values
from revops.foundation.round_trips import Statement, fetch_together
from sla.candidates import FAILED_WORDS, THOUSANDTH, RouteRequest, unpack_balances
from sla.models import Assignment, AssignmentKind
from sla.routing.roster import Roster, load_roster
from sla.routing.turns import write_turns

FIRST_OWNER_MONTHS = 4
"""A company that returns within so many months goes to whoever had it first."""


class Routed(NamedTuple):
    """Who got a hand-off, or None, and why."""

    handoff_id: UUID
    user_id: UUID | None
    reason: str


def route_leads(
    requests: Sequence[RouteRequest], *, now: datetime, roster: Roster | None = None, again: bool = False
) -> list[Routed]:
    """Chooses an owner for each hand-off, in order, and writes assignments and balances. Nobody is an answer too.

    With `again`, those that nobody can take are left as they are, without another trace.

    The balances are locked once per batch. Two statements in one round trip to read, two to write, whatever the number
    of leads.
    """
    if not requests:
        return []
    roster = roster or load_roster(now=now, lock=True)
    turns = roster.turns()
    chooser = roster.chooser(turns)
    choices = [chooser.choose(request) for request in requests]
    if again:
        taken = [(request, choice) for request, choice in zip(requests, choices, strict=True) if choice.user_id]
        if not taken:
            return []
        requests, choices = [request for request, _ in taken], [choice for _, choice in taken]
    entry = write_turns(roster, turns, sum(choice.took_turn for choice in choices), now=now)
    insert_values(
        Assignment,
        [
            {
                "handoff_id": request.handoff_id,
                "user_id": choice.user_id,
                "kind": AssignmentKind.AUTO,
                "assigned_at": request.at,
                "reason": str(choice.reason)[:200],
                "turn_id": entry,
                "trace": choice.as_trace(),
                "owed": choice.pack_balances(),
            }
            for request, choice in zip(requests, choices, strict=True)
        ],
    )
    return [
        Routed(request.handoff_id, choice.user_id, str(choice.reason))
        for request, choice in zip(requests, choices, strict=True)
    ]


def first_owners(account_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, UUID]:
    """Who had the first hand-off of each account within the last four months. One query."""
    if not account_ids:
        return {}
    (rows,) = fetch_together(first_owners_statement(account_ids, at=at))
    return dict(rows)


def first_owners_statement(account_ids: Sequence[UUID], *, at: datetime) -> Statement:
    """Answers with (account, owner) of those accounts that somebody had."""
    return _FIRST_OWNERS, [list(set(account_ids)), months_before(at, FIRST_OWNER_MONTHS)]


_FIRST_OWNERS = """
SELECT asked.account_id, first.owner_id
FROM unnest(%s::uuid[]) AS asked (account_id)
CROSS JOIN LATERAL (
    SELECT handoff.owner_id
    FROM leads_lead lead
    CROSS JOIN LATERAL (
        SELECT id, owner_id, handed_off_at FROM sla_handoff
        WHERE lead_id = lead.id AND owner_id IS NOT NULL AND handed_off_at >= %s
        OFFSET 0
    ) handoff
    WHERE lead.account_id = asked.account_id
    ORDER BY handoff.handed_off_at, handoff.id
    LIMIT 1
) first
"""
"""`OFFSET 0` holds the planner to one look-up a lead: without statistics it read all hand-offs once an account."""


def read_trace(assignment: Assignment) -> list[tuple[UUID, str, int | None]]:
    """Each candidate of an assignment: who, the first test failed in words, and the balance before in units."""
    turn, trace = assignment.turn, assignment.trace
    if turn is None:
        return []
    known = unpack_balances(assignment.owed) if assignment.owed else [n * THOUSANDTH for n in trace.get("owed", ())]
    balances = known or [None] * len(turn.roster)
    return [
        (user_id, str(FAILED_WORDS[letter]), balance)
        for user_id, letter, balance in zip(turn.roster, trace["tests"], balances, strict=True)
    ]


def months_before(at: datetime, months: int) -> datetime:
    """The same time of the same day so many months earlier; the last day of a shorter month."""
    whole = at.year * 12 + at.month - 1 - months
    year, month = divmod(whole, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
