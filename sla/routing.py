"""Routes leads to people: loads who can take them, chooses, and writes down whom, why and why not the others."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from revops.foundation.bulk import insert_rows, insert_values
from revops.foundation.ids import new_id
from sla.business_time import BusinessHours, working_days_before
from sla.calendars import Absences, hours_of, versions_of
from sla.candidates import FAILED_WORDS, Candidate, Choice, Chooser, RouteRequest
from sla.fair_turns import FairTurns
from sla.models import (
    Assignment,
    AssignmentKind,
    CalendarVersion,
    TurnEntry,
    TurnReason,
)

FIRST_OWNER_MONTHS = 4
"""A company that returns within so many months goes to whoever had it first."""
LONG_ABSENCE = timedelta(days=5)
QUIET_WORKING_DAYS = 2
"""No new leads so many working days before an absence longer than LONG_ABSENCE."""
_LOOK_BACK = timedelta(days=7)
"""Leads may be routed for an instant a little in the past; absences that long ago still matter."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Who got a hand-off, or None, and why."""

    handoff_id: UUID
    user_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class Hours:
    """In whose hours business time counts, and which calendar version says so."""

    version: CalendarVersion
    hours: BusinessHours


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody routing can look at, in a fixed order, with their hours."""

    candidates: Sequence[Candidate]
    balances: Sequence[int]
    hours: Mapping[UUID, Hours]

    @property
    def people(self) -> list[UUID]:
        return [person.user_id for person in self.candidates]

    @property
    def routable(self) -> tuple[int, ...]:
        """Places of those who take turns at all."""
        return tuple(at for at, person in enumerate(self.candidates) if person.is_active and person.is_routable)

    def turns(self) -> FairTurns:
        return FairTurns([person.weight for person in self.candidates], self.balances)


def route_leads(requests: Sequence[RouteRequest], *, now: datetime, roster: Roster | None = None) -> list[Routed]:
    """Chooses an owner for each hand-off, in order, and writes assignments and balances. Nobody is an answer too.

    The balances are locked once per batch, in the order of user ids. Five queries, whatever the number of leads.
    """
    if not requests:
        return []
    roster = roster or load_roster(now=now, lock=True)
    turns = roster.turns()
    chooser = Chooser(roster.candidates, turns)
    choices = [chooser.choose(request) for request in requests]
    entry = _write_turns(roster, turns, sum(choice.took_turn for choice in choices), now=now)
    insert_values(
        Assignment,
        [
            {
                "handoff_id": request.handoff_id,
                "user_id": choice.user_id,
                "kind": AssignmentKind.AUTO,
                "assigned_at": request.at,
                "reason": str(choice.reason),
                "turn_id": entry.pk,
                "trace": choice.as_trace(),
            }
            for request, choice in zip(requests, choices, strict=True)
        ],
    )
    return [
        Routed(request.handoff_id, choice.user_id, str(choice.reason))
        for request, choice in zip(requests, choices, strict=True)
    ]


def preview_routes(requests: Sequence[RouteRequest], *, now: datetime) -> list[Choice]:
    """What `route_leads` would do now; writes and locks nothing."""
    roster = load_roster(now=now, lock=False)
    chooser = Chooser(roster.candidates, roster.turns())
    return [chooser.choose(request) for request in requests]


def load_roster(*, now: datetime, lock: bool) -> Roster:
    """Everybody with a rep profile. Two queries; `lock` holds the balances until the transaction ends.

    The balances are locked first and the rest is read after, so that it is as of the lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES + (" FOR UPDATE" if lock else ""))
        balances = dict(cursor.fetchall())
        cursor.execute(_ROSTER, [now - _LOOK_BACK] * 2)
        people = [row for row in cursor.fetchall() if row[0] in balances]
    versions = versions_of({(row[7], row[8]) for row in people})
    candidates, hours = [], {}
    for user_id, weight, capacity, is_routable, is_active, countries, tiers, calendar, version_id, *more in people:
        version, open_work = versions[calendar, version_id], more[0]
        away = tuple(zip(more[1] or (), more[2] or (), strict=True))
        hours[user_id] = Hours(version, hours_of(version, away))
        candidates.append(
            Candidate(
                user_id=user_id,
                weight=weight,
                capacity=capacity,
                open_work=open_work,
                is_active=is_active,
                is_routable=is_routable,
                countries=frozenset(countries),
                tiers=frozenset(tiers),
                absences=away,
                leaves=_quiet_times(away, hours_of(version)),
            )
        )
    return Roster(candidates, [balances[person.user_id] for person in candidates], hours)


_BALANCES = "SELECT user_id, balance FROM sla_routingbalance ORDER BY user_id"
_ROSTER = """
SELECT profile.user_id, profile.weight, profile.capacity, profile.is_routable, person.is_active, profile.countries,
       profile.tiers, calendar.calendar_id, calendar.id,
       CASE WHEN profile.capacity IS NULL THEN 0 ELSE (
           SELECT count(*) FROM sla_handoff handoff WHERE handoff.owner_id = profile.user_id AND handoff.state = 'open'
       ) END,
       (SELECT array_agg(starts_at ORDER BY starts_at, id) FROM sla_absence absence
        WHERE absence.user_id = profile.user_id AND absence.ends_at > %s),
       (SELECT array_agg(ends_at ORDER BY starts_at, id) FROM sla_absence absence
        WHERE absence.user_id = profile.user_id AND absence.ends_at > %s)
FROM sla_repprofile profile
JOIN foundation_user person ON person.id = profile.user_id
CROSS JOIN LATERAL (
    SELECT version.id, version.calendar_id FROM sla_calendarversion version
    WHERE version.calendar_id = profile.calendar_id ORDER BY version.version DESC LIMIT 1
) calendar
ORDER BY profile.user_id
"""


def give_turns_back(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Credits the turn of each hand-off that cost one, once. Returns how many were credited."""
    return _settle_turns(handoff_ids, TurnReason.CREDIT_BACK, now=now)


def charge_turns_again(handoff_ids: Sequence[UUID], *, now: datetime) -> int:
    """Takes credited turns back, because the answer they were given for was undone."""
    return _settle_turns(handoff_ids, TurnReason.CHARGED_AGAIN, now=now)


def first_owners(account_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, UUID]:
    """Who had the first hand-off of each account within the last four months. One query."""
    if not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_OWNERS, [list(set(account_ids)), months_before(at, FIRST_OWNER_MONTHS)])
        return dict(cursor.fetchall())


_FIRST_OWNERS = """
SELECT asked.account_id, first.owner_id
FROM unnest(%s::uuid[]) AS asked (account_id)
CROSS JOIN LATERAL (
    SELECT handoff.owner_id
    FROM leads_lead lead
    JOIN sla_handoff handoff ON handoff.lead_id = lead.id
    WHERE lead.account_id = asked.account_id AND handoff.owner_id IS NOT NULL AND handoff.handed_off_at >= %s
    ORDER BY handoff.handed_off_at, handoff.id
    LIMIT 1
) first
"""


def read_trace(assignment: Assignment) -> list[tuple[UUID, str, int | None]]:
    """Each candidate of an assignment: who, the first test failed in words, and the balance before in units."""
    turn, trace = assignment.turn, assignment.trace
    if turn is None:
        return []
    balances = trace.get("balances") or [None] * len(turn.roster)
    return [
        (user_id, str(FAILED_WORDS[letter]), balance)
        for user_id, letter, balance in zip(turn.roster, trace["tests"], balances, strict=True)
    ]


def person_hours(user_id: UUID, *, now: datetime) -> Hours:
    """In whose hours promises of one person run. Two queries. Raises ValueError without a rep profile."""
    known = load_roster(now=now, lock=False).hours.get(user_id)
    if known is None:
        raise ValueError("This person has no rep profile. Give them a calendar first.")
    return known


def months_before(at: datetime, months: int) -> datetime:
    """The same time of the same day so many months earlier; the last day of a shorter month."""
    whole = at.year * 12 + at.month - 1 - months
    year, month = divmod(whole, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def _quiet_times(absences: Absences, hours: BusinessHours) -> Absences:
    """The stretches before long absences in which no new leads come."""
    return tuple(
        (working_days_before(starts_at, QUIET_WORKING_DAYS, hours), starts_at)
        for starts_at, ends_at in absences
        if ends_at - starts_at > LONG_ABSENCE
    )


def _settle_turns(handoff_ids: Sequence[UUID], reason: TurnReason, *, now: datetime) -> int:
    """Gives back or charges again, where it was not done yet. The caller holds the leads, so nobody else does it."""
    if not handoff_ids:
        return 0
    entries = TurnEntry.objects.filter(handoff_id__in=handoff_ids).order_by("decided_at", "id")
    credited = {pk for pk, last in dict(entries.values_list("handoff_id", "reason")).items() if last == "credit_back"}
    charged = Assignment.objects.filter(handoff_id__in=handoff_ids, trace__turn=True).order_by("id")
    owners = dict(charged.values_list("handoff_id", "user_id"))
    wanted = [pk for pk in handoff_ids if pk in owners and (pk in credited) == (reason == TurnReason.CHARGED_AGAIN)]
    if not wanted:
        return 0
    roster = load_roster(now=now, lock=True)
    places = {person: place for place, person in enumerate(roster.people)}
    turns, before, rows = roster.turns(), list(roster.balances), []
    for handoff_id in wanted:
        place = places.get(owners[handoff_id])
        if place is None or not roster.routable:
            continue
        settle = turns.give_back if reason == TurnReason.CREDIT_BACK else turns.charge_again
        settle(place, roster.routable)
        deltas = [after - earlier for after, earlier in zip(turns.balances, before, strict=True)]
        before = list(turns.balances)
        rows.append(_entry(roster, reason, 1, deltas, now=now, handoff_id=handoff_id))
    insert_rows(TurnEntry, rows)
    _save_balances(roster, turns, now=now)
    return len(rows)


def _write_turns(roster: Roster, turns: FairTurns, taken: int, *, now: datetime) -> TurnEntry:
    deltas = [after - before for after, before in zip(turns.balances, roster.balances, strict=True)]
    entry = _entry(roster, TurnReason.ASSIGNED, taken, deltas, now=now)
    insert_rows(TurnEntry, [entry])
    _save_balances(roster, turns, now=now)
    return entry


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
