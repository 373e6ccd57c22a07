"""How much more often leads with a kind of signal are accepted and met than leads without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from revops.foundation.statistics import Interval, is_too_few, wilson_interval

LOOKS_BACK = timedelta(days=365)
MOST_ANSWERS = 50_000
"""Only so many of the latest answers are looked at: the page stays quick, and more would not change what it says."""

_COUNT = """
WITH answered AS MATERIALIZED (
    SELECT handoff.lead_id, lead.person_id, handoff.handed_off_at, handoff.state = 'accepted' AS accepted,
           EXISTS (SELECT FROM feedback_outcome outcome WHERE outcome.lead_id = handoff.lead_id
                                                              AND outcome.kind = 'meeting') AS met
      FROM sla_handoff handoff
      JOIN leads_lead lead ON lead.id = handoff.lead_id
     WHERE handoff.state IN ('accepted', 'rejected', 'returned') AND handoff.answered_at >= %(since)s
           AND NOT lead.is_history AND lead.withdrawn_at IS NULL
     ORDER BY handoff.answered_at DESC
     LIMIT %(most)s),
did AS (
    SELECT DISTINCT signal.kind_id, answered.lead_id, answered.handed_off_at, answered.accepted, answered.met
      FROM answered
      JOIN leads_signal signal ON signal.person_id = answered.person_id
                              AND signal.received_at <= answered.handed_off_at)
SELECT kind_id, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE met) FROM did GROUP BY kind_id
UNION ALL
SELECT NULL, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE met) FROM answered
"""


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many."""

    hits: int
    n: int

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.hits, self.n)

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None

    def as_dict(self) -> dict[str, Any]:
        interval = self.interval
        return {
            "hits": self.hits,
            "n": self.n,
            "too_few": is_too_few(self.n),
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
        }


@dataclass(frozen=True, slots=True)
class Lift:
    """Acceptance and meetings of answered leads with a kind of signal before their hand-off, and without it."""

    accepted_with: Part
    accepted_without: Part
    met_with: Part
    met_without: Part

    @property
    def is_measured(self) -> bool:
        """Whether both groups are large enough to say anything."""
        return not (is_too_few(self.accepted_with.n) or is_too_few(self.accepted_without.n))

    @property
    def is_positive(self) -> bool:
        """Whether leads with it are accepted or met more often."""
        accepted = (self.accepted_with.share or 0) > (self.accepted_without.share or 0)
        return accepted or (self.met_with.share or 0) > (self.met_without.share or 0)

    def as_dict(self) -> dict[str, Any]:
        return {
            name: getattr(self, name).as_dict()
            for name in ("accepted_with", "accepted_without", "met_with", "met_without")
        }


def lift_of_kinds(now: datetime) -> dict[int, Lift]:
    """The lift of every kind that anybody showed who was answered in the last year, by the kind's id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"since": now - LOOKS_BACK, "most": MOST_ANSWERS})
        rows = {kind_id: counts for kind_id, *counts in cursor.fetchall()}
    n, accepted, met = rows.pop(None)
    return {
        kind_id: Lift(
            Part(with_accepted, with_n),
            Part(accepted - with_accepted, n - with_n),
            Part(with_met, with_n),
            Part(met - with_met, n - with_n),
        )
        for kind_id, (with_n, with_accepted, with_met) in rows.items()
    }


NO_LIFT = Lift(Part(0, 0), Part(0, 0), Part(0, 0), Part(0, 0))
