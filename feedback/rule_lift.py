"""What became of leads for which one rule of a rulebook counted, beside those for which it did not."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from feedback.kind_lift import Lift, Part

MOST_ANSWERS = 20_000

_COUNT = """
WITH answered AS MATERIALIZED (
    SELECT decision.contributions[%(place)s] <> 0 AS counted, handoff.state = 'accepted' AS accepted,
           EXISTS (SELECT FROM feedback_outcome outcome WHERE outcome.lead_id = handoff.lead_id
                                                              AND outcome.kind = 'meeting') AS met
      FROM sla_handoff handoff
      JOIN scoring_scoredecision decision ON decision.id = handoff.score_decision_id
     WHERE decision.rulebook_id = %(rulebook)s AND handoff.state IN ('accepted', 'rejected', 'returned')
     ORDER BY handoff.answered_at DESC
     LIMIT %(most)s)
SELECT counted, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE met) FROM answered GROUP BY counted
"""


def lift_of_rule(rulebook_id: UUID, place: int) -> Lift:
    """Acceptance and meetings with and without the rule at `place` (from 0) of a rulebook. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"rulebook": rulebook_id, "place": place + 1, "most": MOST_ANSWERS})
        rows = {counted: counts for counted, *counts in cursor.fetchall()}
    (with_n, with_accepted, with_met) = rows.get(True, (0, 0, 0))
    (n, accepted, met) = rows.get(False, (0, 0, 0))
    return Lift(Part(with_accepted, with_n), Part(accepted, n), Part(with_met, with_n), Part(met, n))
