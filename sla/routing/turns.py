"""Charges turns, gives them back and charges them again: each batch is one entry whose parts sum to zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_id
from sla.candidates import PASSED
from sla.fair_turns import FairTurns
from sla.models import Assignment, TurnEntry, TurnReason
from sla.routing.roster import Roster, load_roster


def give_turns_back(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Credits the turn of each hand-off that cost one, once. Returns how many were credited."""
    return _settle_turns(handoff_ids, TurnReason.CREDIT_BACK, now=now)


def charge_turns_again(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Takes credited turns back, because the answer they were given for was undone."""
    return _settle_turns(handoff_ids, TurnReason.CHARGED_AGAIN, now=now)


def write_turns(roster: Roster, turns: FairTurns, taken: int, *, now: datetime) -> TurnEntry:
    """Writes what a batch of choices did to the balances."""
    deltas = [after - before for after, before in zip(turns.balances, roster.balances, strict=True)]
    entry = _entry(roster, TurnReason.ASSIGNED, taken, deltas, now=now)
    insert_rows(TurnEntry, [entry])
    _save_balances(roster, turns, now=now)
    return entry


def _settle_turns(handoff_ids: Sequence[UUID], reason: TurnReason, *, now: datetime) -> int:
    """Gives back or charges again, where it was not done yet. The caller holds the leads, so nobody else does it."""
    if not handoff_ids:
        return 0
    entries = TurnEntry.objects.filter(handoff_id__in=handoff_ids).order_by("decided_at", "id")
    credited = {pk for pk, last in dict(entries.values_list("handoff_id", "reason")).items() if last == "credit_back"}
    charged = _charged(handoff_ids)
    wanted = [pk for pk in handoff_ids if pk in charged and (pk in credited) == (reason == TurnReason.CHARGED_AGAIN)]
    if not wanted:
        return 0
    roster = load_roster(now=now, lock=True)
    places = {person: place for place, person in enumerate(roster.people)}
    turns, before, rows = roster.turns(), list(roster.balances), []
    for handoff_id in wanted:
        owner, able = charged[handoff_id]
        place, members = places.get(owner), tuple(places[person] for person in able if person in places)
        if place is None or not members:
            continue
        settle = turns.give_back if reason == TurnReason.CREDIT_BACK else turns.charge_again
        settle(place, members)
        deltas = [after - earlier for after, earlier in zip(turns.balances, before, strict=True)]
        before = list(turns.balances)
        rows.append(_entry(roster, reason, 1, deltas, now=now, handoff_id=handoff_id))
    insert_rows(TurnEntry, rows)
    _save_balances(roster, turns, now=now)
    return len(rows)


def _charged(handoff_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, list[UUID]]]:
    """Whose turn each hand-off cost, and who could have taken it then: they were credited, so they pay it back."""
    rows = Assignment.objects.filter(handoff_id__in=handoff_ids, trace__turn=True).select_related("turn").order_by("id")
    return {
        row.handoff_id: (row.user_id, [who for who, letter in zip(row.turn.roster, row.trace["tests"], strict=True)
                                       if letter == PASSED])
        for row in rows
        if row.turn is not None and row.user_id is not None
    }  # fmt: skip


def _entry(
    roster: Roster, reason: TurnReason, turns: int, deltas: list[int], *, now: datetime, handoff_id: UUID | None = None
) -> TurnEntry:
    return TurnEntry(
        id=new_id(now),
        reason=reason,
        decided_at=now,
        turns=turns,
        roster=roster.people,
        deltas=deltas,
        handoff_id=handoff_id,
    )


def _save_balances(roster: Roster, turns: FairTurns, *, now: datetime) -> None:
    """One UPDATE of the balances that changed."""
    changed = [
        (person, after)
        for person, before, after in zip(roster.people, roster.balances, turns.balances, strict=True)
        if before != after
    ]
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_routingbalance SET balance = new.balance, updated_at = %s"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS new (user_id, balance)"
            " WHERE sla_routingbalance.user_id = new.user_id",
            [now, [person for person, _ in changed], [balance for _, balance in changed]],
        )
