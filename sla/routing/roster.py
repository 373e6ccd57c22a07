"""Who routing can look at: everybody with a rep profile, their hours, their balances, and the rules in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from revops.foundation.round_trips import Statement, fetch_together
from sla.business_time import BusinessHours, working_days_before
from sla.calendars import Absences, hours_of, versions_of
from sla.candidates import Candidate
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
    """Everybody routing can look at, in a fixed order, with their hours."""

    candidates: Sequence[Candidate]
    balances: Sequence[int]
    hours: Mapping[UUID, Hours]
    rules: Sequence[TerritoryRule] = ()

    @property
    def people(self) -> list[UUID]:
        return [person.user_id for person in self.candidates]

    def leave_out(self, user_id: UUID | None) -> None:
        """Somebody takes none, as if they were not in routing: they are about to leave."""
        for person in self.candidates:
            if person.user_id == user_id:
                person.is_routable = False

    def turns(self) -> FairTurns:
        return FairTurns([person.weight for person in self.candidates], self.balances)


def load_roster(*, now: datetime, lock: bool) -> Roster:
    """Everybody with a rep profile, and the rules in force. One round trip; `lock` holds the balances until the end.

    The balances are locked first and the rest is read after, so that it is as of the lock.
    """
    return roster_of(*fetch_together(*roster_statements(now=now, lock=lock)))


def roster_statements(*, now: datetime, lock: bool) -> tuple[Statement, Statement, Statement]:
    """What `roster_of` needs to know, for callers that ask for more in the same round trip."""
    return (
        (_BALANCES + (" FOR UPDATE" if lock else ""), ()),
        (_ROSTER, [now - _LOOK_BACK]),
        (_NEWEST_RULES, ()),
    )


def roster_of(
    balance_rows: Sequence[tuple[Any, ...]],
    person_rows: Sequence[tuple[Any, ...]],
    rules_row: Sequence[tuple[Any, ...]],
) -> Roster:
    """The roster out of the answers to `roster_statements`. One query more if a calendar or the rules are new."""
    balances = dict(balance_rows)
    people = [row for row in person_rows if row[0] in balances]
    versions = versions_of({(row[8], row[9]) for row in people})
    candidates, hours = [], {}
    for user_id, team_id, weight, capacity, is_routable, is_active, countries, tiers, *rest in people:
        calendar, version_id, open_work, starts, ends = rest
        version = versions[calendar, version_id]
        away = tuple(zip(starts or (), ends or (), strict=True))
        hours[user_id] = Hours(version, hours_of(version, away))
        candidates.append(
            Candidate(
                user_id=user_id,
                team_id=team_id,
                weight=weight,
                capacity=capacity,
                open_work=open_work,
                is_active=is_active,
                is_routable=is_routable,
                countries=frozenset(countries),
                tiers=frozenset(tiers),
                absences=away,
                leaves=_quiet_times(away, hours_of(version)) if away else (),
            )
        )
    rules = rules_of(rules_row[0][0]) if rules_row else ()
    return Roster(candidates, [balances[person.user_id] for person in candidates], hours, rules)


def rules_of(rules_id: UUID) -> tuple[TerritoryRule, ...]:
    """The rules of one version, kept in memory: a version never changes."""
    if rules_id not in _rules:
        _rules.clear()
        _rules[rules_id] = read_rules(RoutingRules.objects.get(pk=rules_id).rules)
    return _rules[rules_id]


_rules: dict[UUID, tuple[TerritoryRule, ...]] = {}
_NEWEST_RULES = "SELECT id FROM sla_routingrules ORDER BY version DESC LIMIT 1"
_BALANCES = "SELECT user_id, balance FROM sla_routingbalance ORDER BY user_id"
_ROSTER = """
SELECT profile.user_id, person.team_id, profile.weight, profile.capacity, profile.is_routable, person.is_active,
       profile.countries, profile.tiers, calendar.calendar_id, calendar.id,
       CASE WHEN profile.capacity IS NULL THEN 0 ELSE (
           SELECT count(*) FROM sla_handoff handoff WHERE handoff.owner_id = profile.user_id AND handoff.state = 'open'
       ) END,
       away.starts, away.ends
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
