"""Charges turns, gives them back and charges them again: each batch is one entry whose parts sum to zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_id
from revops.foundation.models import User
from sla.candidates import PASSED
from sla.fair_turns import FairTurns
from sla.models import Assignment, TurnEntry, TurnReason
from sla.routing.roster import Roster, load_roster


def open_balance(user: User, *, now: datetime) -> None:
    """Gives somebody a balance of zero, if they have none."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_BALANCE, [user.pk, now])


_OPEN_BALANCE = """
INSERT INTO sla_turnbalances AS known (id, people, balances, updated_at) VALUES (1, ARRAY[%s::uuid], '{0}', %s)
ON CONFLICT (id) DO UPDATE
SET people = known.people || excluded.people, balances = known.balances || excluded.balances,
    updated_at = excluded.updated_at
WHERE NOT known.people @> excluded.people
"""


def turns_owed() -> dict[UUID, int]:
    """The balance of everybody in routing, in units. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT unnest(people), unnest(balances) FROM sla_turnbalances")
        return dict(cursor.fetchall())


def give_turns_back(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Credits the turn of each hand-off that cost one, once. Returns how many were credited."""
    return _settle_turns(handoff_ids, TurnReason.CREDIT_BACK, now=now)


def charge_turns_again(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Takes credited turns back, because the answer they were given for was undone."""
    return _settle_turns(handoff_ids, TurnReason.CHARGED_AGAIN, now=now)


def write_turns(roster: Roster, turns: FairTurns, taken: int, *, now: datetime) -> UUID:
    """Writes what a batch of choices did to the balances. Returns the id of its entry. One query."""
    identifier = new_id(now)
    deltas = [after - before for after, before in zip(turns.balances, roster.balances, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH entry AS ({_ENTER}) {_SAVE_BALANCES}",
            [identifier, TurnReason.ASSIGNED.value, now, taken, roster.lineup.listed, _listed(deltas),
             _listed(roster.standing_after(turns)), now],
        )  # fmt: skip
    return identifier


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
    turns, before, rows = roster.turns(), roster.balances, []
    for handoff_id in wanted:
        owner, able = charged[handoff_id]
        place, members = places.get(owner), tuple(places[person] for person in able if person in places)
        if place is None or not members:
            continue
        settle = turns.give_back if reason == TurnReason.CREDIT_BACK else turns.charge_again
        settle(place, members)
        deltas = [after - earlier for after, earlier in zip(turns.balances, before, strict=True)]
        before = list(turns.balances)
        rows.append(
            TurnEntry(
                reason=reason, decided_at=now, turns=1, roster=roster.people, deltas=deltas, handoff_id=handoff_id
            )
        )
    if rows:
        insert_rows(TurnEntry, rows)
        with connection.cursor() as cursor:
            cursor.execute(_SAVE_BALANCES, [_listed(roster.standing_after(turns)), now])
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


def _listed(numbers: Iterable[int]) -> str:
    """An array as the server reads it: the driver takes half a millisecond for fifty."""
    return f"{{{','.join(map(str, numbers))}}}"


_ENTER = """
INSERT INTO sla_turnentry (id, reason, decided_at, turns, roster, deltas)
VALUES (%s, %s, %s, %s, %s::text::uuid[], %s::text::bigint[])
"""
_SAVE_BALANCES = "UPDATE sla_turnbalances SET balances = %s::text::bigint[], updated_at = %s"
