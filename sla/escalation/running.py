"""Open clocks as the ladder looks at them, and in whose hours they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from sla.business_time import BusinessHours
from sla.calendars import hours_of, versions_of
from sla.presence import absences_from

PAGE = 2000
_LOOK_BACK = timedelta(days=60)
"""Absences that ended so long ago no longer matter to a promise that runs."""


@dataclass(slots=True)
class RunningPromise:
    """One open clock as the ladder looks at it; `owned_at` is since when its owner has the lead."""

    clock_id: UUID
    lead_id: UUID
    handoff_id: UUID | None
    side: str
    owner_id: UUID | None
    started_at: datetime
    due_at: datetime
    paused_total: timedelta
    promise: timedelta
    clause_code: str
    clause_text: str
    agreement_id: UUID
    calendar: tuple[UUID, int] | None
    is_open: bool
    move: int
    moved: int
    owned_at: datetime | None

    @property
    def about(self) -> tuple[UUID, str, int]:
        """What is escalated: the hand-off of a side as it is in somebody's hands, or the clock itself."""
        return self.handoff_id or self.clock_id, self.side, self.move


def running_promises(now: datetime, after: tuple[datetime, UUID] | None) -> list[RunningPromise]:
    """A page of open clocks on which a step of some ladder may be due: never looked at, or not since something changed,
    or when it was time to look again. One query.
    """
    condition = "AND (clock.due_at, clock.id) > (%s, %s)" if after else ""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING % condition, [now, now, *(after or ()), PAGE])
        return [_promise(row) for row in cursor.fetchall()]


def _promise(row: tuple[Any, ...]) -> RunningPromise:
    values: list[Any] = [*row[:12], (row[12], row[13]) if row[12] else None, *row[14:]]
    return RunningPromise(*values)


_RUNNING = """
SELECT clock.id, clock.lead_id, clock.handoff_id, clock.side,
       CASE WHEN clock.side = 'sales' THEN COALESCE(handoff.owner_id, clock.user_id) ELSE clock.user_id END,
       clock.started_at, clock.due_at, clock.paused_total, clause.promise, clause.code, clause.text,
       clause.agreement_id, calendar.calendar_id, calendar.id, COALESCE(handoff.state = 'open', false),
       GREATEST(hands.n - 1, 0), hands.moved, hands.owned_at
FROM sla_clock clock
JOIN sla_clause clause ON clause.id = clock.clause_id
JOIN leads_lead lead ON lead.id = clock.lead_id
LEFT JOIN sla_handoff handoff ON handoff.id = clock.handoff_id
LEFT JOIN sla_calendarversion calendar ON calendar.id = clock.calendar_version_id
CROSS JOIN LATERAL (
    SELECT (SELECT count(*) FROM sla_assignment given
            WHERE given.handoff_id = clock.handoff_id AND given.user_id IS NOT NULL) AS n,
           (SELECT count(*) FROM sla_pooloffer offer
            WHERE offer.handoff_id = clock.handoff_id AND offer.taken_at IS NOT NULL) AS moved,
           (SELECT max(given.assigned_at) FROM sla_assignment given WHERE given.handoff_id = clock.handoff_id)
               AS owned_at
) hands
WHERE clock.met_at IS NULL AND clock.cancelled_at IS NULL AND clock.paused_at IS NULL
AND (clock.look_at IS NULL OR clock.look_at <= %%s)
AND clock.started_at + clause.promise * 0.01 <= %%s AND lead.withdrawn_at IS NULL
AND (handoff.id IS NULL OR handoff.state IN ('open', 'accepted'))
AND NOT EXISTS (SELECT 1 FROM sla_clockexcuse excuse WHERE excuse.clock_id = clock.id) %s
ORDER BY clock.due_at, clock.id LIMIT %%s
"""


def look_again(looks: Mapping[UUID, datetime]) -> None:
    """Says when the next step of each clock may be due. Clocks that somebody changes now stay to be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_AGAIN, [list(looks), list(looks.values()), list(looks)])


_LOOK_AGAIN = """
UPDATE sla_clock clock SET look_at = fresh.look_at
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS fresh(id, look_at)
 WHERE clock.id = fresh.id AND clock.id IN (
       SELECT id FROM sla_clock WHERE id = ANY(%s::uuid[]) AND met_at IS NULL AND cancelled_at IS NULL
          FOR NO KEY UPDATE SKIP LOCKED)
"""


def hours_of_promises(running: Sequence[RunningPromise], now: datetime) -> dict[UUID, BusinessHours]:
    """In whose hours each promise counts; those in plain time are left out. Two queries at most."""
    versions = versions_of({one.calendar for one in running if one.calendar})
    away = absences_from({one.owner_id for one in running if one.owner_id}, now - _LOOK_BACK)
    return {
        one.clock_id: hours_of(versions[one.calendar], away.get(one.owner_id, ()) if one.owner_id else ())
        for one in running
        if one.calendar
    }
