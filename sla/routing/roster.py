"""Who routing can look at: everybody with a rep profile, their hours, their balances, and the rules in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from revops.foundation.round_trips import Statement, fetch_together
from sla.business_time import BusinessHours, working_days_before
from sla.calendars import Absences, hours_of, versions_of
from sla.candidates import Candidate, Chooser, Lineup
from sla.fair_turns import FairTurns
from sla.models import CalendarVersion, RoutingRules
from sla.territories import TerritoryRule, read_rules

LONG_ABSENCE = timedelta(days=5)
QUIET_WORKING_DAYS = 2
"""No new leads so many working days before an absence longer than LONG_ABSENCE."""
_LOOK_BACK = timedelta(days=7)
"""Leads may be routed for an instant a little in the past; absences that long ago still matter."""


@dataclass(frozen=True, slots=True)
class Hours:
    """In whose hours business time counts, and which calendar version says so."""

    version: CalendarVersion
    hours: BusinessHours


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody routing can look at, in a fixed order, with their hours, open work and balances.

    `standing` has the balances of all, in the order of the row that keeps them, and `seats` says at which place there
    each of the lineup stands; `open_work` counts for those with a capacity.
    """

    lineup: Lineup
    hours: Mapping[UUID, Hours]
    standing: Sequence[int]
    seats: Sequence[int]
    open_work: Mapping[UUID, int]

    @property
    def candidates(self) -> Sequence[Candidate]:
        return self.lineup.candidates

    @property
    def people(self) -> list[UUID]:
        return [person.user_id for person in self.candidates]

    @property
    def balances(self) -> list[int]:
        return [self.standing[seat] for seat in self.seats]

    def standing_after(self, turns: FairTurns) -> list[int]:
        """The balances of all after these turns, as the row keeps them."""
        standing = list(self.standing)
        for seat, balance in zip(self.seats, turns.balances, strict=True):
            standing[seat] = balance
        return standing

    def without(self, user_id: UUID | None) -> Roster:
        """The same roster, in which somebody takes none: they are about to leave."""
        people = [replace(one, is_routable=False) if one.user_id == user_id else one for one in self.candidates]
        return replace(self, lineup=Lineup(people, self.lineup.rules))

    def by_rules(self, rules: Sequence[TerritoryRule]) -> Roster:
        """The same roster under other rules."""
        return replace(self, lineup=Lineup(self.candidates, rules))

    def turns(self) -> FairTurns:
        return FairTurns([person.weight for person in self.candidates], self.balances)

    def chooser(self, turns: FairTurns) -> Chooser:
        return Chooser(self.lineup, turns, self.open_work)


def load_roster(*, now: datetime, lock: bool) -> Roster:
    """Everybody with a rep profile, and the rules in force. One round trip; `lock` holds the balances until the end.

    The balances are locked first and the rest is read after, so that it is as of the lock.
    """
    return roster_of(*fetch_together(*roster_statements(lock=lock)), now=now)


def roster_statements(*, lock: bool) -> tuple[Statement, Statement]:
    """What `roster_of` needs to know, for callers that ask for more in the same round trip."""
    return (_BALANCES + (" FOR UPDATE" if lock else ""), ()), (_OPEN_WORK, ())


def roster_of(
    balance_rows: Sequence[tuple[Any, ...]], open_rows: Sequence[tuple[Any, ...]], *, now: datetime
) -> Roster:
    """The roster out of the answers to `roster_statements`.

    People, hours, absences and rules are kept in memory under the stamp that the database changes with any of them
    (migration 0009); one query more when they are new, and two if a calendar or the rules were never seen.
    """
    stamp = open_rows[0][0]
    kept = _kept.get(stamp) if stamp else None
    if kept is None or not kept.since <= now < kept.since + _KEPT_FOR:
        kept = _read(now)
    people, standing = balance_rows[0] if balance_rows else ("{}", [])
    if people not in kept.seated:
        kept.seated.clear()
        kept.seated[people] = _take_seats(kept.lineup, people)
    lineup, seats = kept.seated[people]
    return Roster(lineup, kept.hours, standing, seats, {user_id: count for _, user_id, count in open_rows if user_id})


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one stamp stands for, as it was read at `since`."""

    lineup: Lineup
    hours: Mapping[UUID, Hours]
    since: datetime
    seated: dict[str, tuple[Lineup, Sequence[int]]] = field(default_factory=dict)
    """Those of the lineup with a balance, and where it stands, by the people of the row as the server lists them."""


def _take_seats(lineup: Lineup, people: str) -> tuple[Lineup, Sequence[int]]:
    places = {UUID(person): place for place, person in enumerate(people.strip("{}").split(",")) if person}
    seated = [person for person in lineup.candidates if person.user_id in places]
    if len(seated) < len(lineup.candidates):
        lineup = Lineup(seated, lineup.rules)
    return lineup, [places[person.user_id] for person in seated]


def _read(now: datetime) -> _Kept:
    """Reads the people and the rules, and keeps them under the stamp they have in the same statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [now - _LOOK_BACK])
        rows = cursor.fetchall()
    versions = versions_of({(row[10], row[11]) for row in rows})
    candidates, hours = [], {}
    for _, _, user_id, team_id, weight, capacity, is_routable, is_active, countries, tiers, *rest in rows:
        calendar, version_id, starts, ends = rest
        version = versions[calendar, version_id]
        away = tuple(zip(starts or (), ends or (), strict=True))
        hours[user_id] = Hours(version, hours_of(version, away))
        candidates.append(
            Candidate(
                user_id=user_id,
                team_id=team_id,
                weight=weight,
                capacity=capacity,
                is_active=is_active,
                is_routable=is_routable,
                countries=frozenset(countries),
                tiers=frozenset(tiers),
                absences=away,
                leaves=_quiet_times(away, hours_of(version)) if away else (),
            )
        )
    stamp, rules_id = rows[0][:2] if rows else (None, None)
    kept = _Kept(Lineup(candidates, rules_of(rules_id) if rules_id else ()), hours, now)
    if stamp:
        _kept.clear()
        _kept[stamp] = kept
    return kept


def rules_of(rules_id: UUID) -> tuple[TerritoryRule, ...]:
    """The rules of one version, kept in memory: a version never changes."""
    if rules_id not in _rules:
        _rules.clear()
        _rules[rules_id] = read_rules(RoutingRules.objects.get(pk=rules_id).rules)
    return _rules[rules_id]


_rules: dict[UUID, tuple[TerritoryRule, ...]] = {}
_kept: dict[UUID, _Kept] = {}
"""What was read last, under its stamp; a stamp is never used twice, not even by a transaction that was undone."""
_KEPT_FOR = timedelta(days=1)
_BALANCES = "SELECT people::text, balances FROM sla_turnbalances"
_OPEN_WORK = """
SELECT stamp.stamp, profile.user_id, (
    SELECT count(*) FROM sla_handoff handoff WHERE handoff.owner_id = profile.user_id AND handoff.state = 'open'
)
FROM (SELECT (SELECT stamp FROM sla_rosterstamp) AS stamp) stamp
LEFT JOIN sla_repprofile profile ON profile.capacity IS NOT NULL
"""
_PEOPLE = """
SELECT (SELECT stamp FROM sla_rosterstamp), (SELECT id FROM sla_routingrules ORDER BY version DESC LIMIT 1),
       profile.user_id, person.team_id, profile.weight, profile.capacity, profile.is_routable, person.is_active,
       profile.countries, profile.tiers, calendar.calendar_id, calendar.id, away.starts, away.ends
FROM sla_repprofile profile
JOIN foundation_user person ON person.id = profile.user_id
JOIN (
    SELECT DISTINCT ON (calendar_id) calendar_id, id FROM sla_calendarversion ORDER BY calendar_id, version DESC
) calendar ON calendar.calendar_id = profile.calendar_id
LEFT JOIN (
    SELECT user_id, array_agg(starts_at ORDER BY starts_at, id) AS starts,
           array_agg(ends_at ORDER BY starts_at, id) AS ends
    FROM sla_absence WHERE ends_at > %s GROUP BY user_id
) away ON away.user_id = profile.user_id
ORDER BY profile.user_id
"""


def person_hours(user_id: UUID, *, now: datetime) -> Hours:
    """In whose hours promises of one person run. One round trip. Raises ValueError without a rep profile."""
    known = load_roster(now=now, lock=False).hours.get(user_id)
    if known is None:
        raise ValueError("This person has no rep profile. Give them a calendar first.")
    return known


def _quiet_times(absences: Absences, hours: BusinessHours) -> Absences:
    """The stretches before long absences in which no new leads come."""
    return tuple(
        (working_days_before(starts_at, QUIET_WORKING_DAYS, hours), starts_at)
        for starts_at, ends_at in absences
        if ends_at - starts_at > LONG_ABSENCE
    )
