"""Routes leads to people: loads who can take them, chooses, and writes down whom, why and why not the others."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_id
from sla.business_time import BusinessHours, working_days_before
from sla.calendars import Absences, hours_of, newest_versions
from sla.candidates import FAILED_WORDS, Candidate, Choice, Chooser, RouteRequest
from sla.fair_turns import FairTurns
from sla.models import (
    Absence,
    Assignment,
    AssignmentKind,
    CalendarVersion,
    HandOff,
    RepProfile,
    RoutingBalance,
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

    The balances are locked once per batch, in the order of user ids. Six queries, whatever the number of leads.
    """
    if not requests:
        return []
    roster = roster or load_roster(now=now, lock=True)
    turns = roster.turns()
    chooser = Chooser(roster.candidates, turns)
    choices = [chooser.choose(request) for request in requests]
    entry = _write_turns(roster, turns, sum(choice.took_turn for choice in choices), now=now)
    insert_rows(
        Assignment,
        [
            Assignment(
                handoff_id=request.handoff_id,
                user_id=choice.user_id,
                kind=AssignmentKind.AUTO,
                assigned_at=request.at,
                reason=str(choice.reason),
                turn=entry,
                trace=choice.as_trace(),
            )
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
    """Everybody with a rep profile. Four queries; `lock` holds the balances until the transaction ends."""
    rows = RoutingBalance.objects.order_by("user_id")
    if lock:
        rows = rows.select_for_update(of=("self",))
    balances = dict(rows.values_list("user_id", "balance"))
    open_work = HandOff.objects.open().filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("*"))
    profiles = list(
        RepProfile.objects.filter(pk__in=balances)
        .select_related("user")
        .annotate(open_work=Coalesce(Subquery(open_work.values("n")), 0))
        .order_by("pk")
    )
    versions = newest_versions(profile.calendar_id for profile in profiles)
    absences = _absences(list(balances), since=now - _LOOK_BACK)
    candidates, hours = [], {}
    for profile in profiles:
        version, away = versions[profile.calendar_id], absences.get(profile.pk, ())
        hours[profile.pk] = Hours(version, hours_of(version, away))
        candidates.append(
            Candidate(
                user_id=profile.pk,
                weight=profile.weight,
                capacity=profile.capacity,
                open_work=profile.open_work,
                is_active=profile.user.is_active,
                is_routable=profile.is_routable,
                countries=frozenset(profile.countries),
                tiers=frozenset(profile.tiers),
                absences=away,
                leaves=_quiet_times(away, hours_of(version)),
            )
        )
    return Roster(candidates, [balances[person.user_id] for person in candidates], hours)


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
    earlier = (
        HandOff.objects.filter(
            lead__account_id__in=set(account_ids),
            owner__isnull=False,
            handed_off_at__gte=months_before(at, FIRST_OWNER_MONTHS),
        )
        .order_by("lead__account_id", "handed_off_at", "id")
        .distinct("lead__account_id")
    )
    return dict(earlier.values_list("lead__account_id", "owner_id"))


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
    """In whose hours promises of one person run. Three queries. Raises ValueError without a rep profile."""
    profile = RepProfile.objects.filter(pk=user_id).first()
    if profile is None:
        raise ValueError("This person has no rep profile. Give them a calendar first.")
    version = newest_versions([profile.calendar_id])[profile.calendar_id]
    return Hours(version, hours_of(version, _absences([user_id], since=now - _LOOK_BACK).get(user_id, ())))


def months_before(at: datetime, months: int) -> datetime:
    """The same time of the same day so many months earlier; the last day of a shorter month."""
    whole = at.year * 12 + at.month - 1 - months
    year, month = divmod(whole, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def _absences(user_ids: Sequence[UUID], *, since: datetime) -> dict[UUID, Absences]:
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    rows = Absence.objects.filter(user_id__in=user_ids, ends_at__gt=since).order_by("starts_at", "id")
    for user_id, starts_at, ends_at in rows.values_list("user_id", "starts_at", "ends_at"):
        found.setdefault(user_id, []).append((starts_at, ends_at))
    return {user_id: tuple(spans) for user_id, spans in found.items()}


def _quiet_times(absences: Absences, hours: BusinessHours) -> Absences:
    """The stretches before long absences in which no new leads come."""
    return tuple(
        (working_days_before(starts_at, QUIET_WORKING_DAYS, hours), starts_at)
        for starts_at, ends_at in absences
        if ends_at - starts_at > LONG_ABSENCE
    )


def _settle_turns(handoff_ids: Sequence[UUID], reason: TurnReason, *, now: datetime) -> int:
    if not handoff_ids:
        return 0
    roster = load_roster(now=now, lock=True)
    entries = TurnEntry.objects.filter(handoff_id__in=handoff_ids).order_by("decided_at", "id")
    latest = dict(entries.values_list("handoff_id", "reason"))
    charged = Assignment.objects.filter(handoff_id__in=handoff_ids, trace__turn=True).order_by("id")
    owners = dict(charged.values_list("handoff_id", "user_id"))
    places = {person: place for place, person in enumerate(roster.people)}
    turns, before, rows = roster.turns(), list(roster.balances), []
    for handoff_id in handoff_ids:
        is_credited = latest.get(handoff_id) == TurnReason.CREDIT_BACK
        place = places.get(owners[handoff_id]) if handoff_id in owners else None
        if place is None or not roster.routable or is_credited == (reason == TurnReason.CREDIT_BACK):
            continue
        move = turns.give_back if reason == TurnReason.CREDIT_BACK else turns.charge_again
        move(place, roster.routable)
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
