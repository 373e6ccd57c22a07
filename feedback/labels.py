"""Writes down to the cases of the past what became of them: backtests judge rules by it.

The rows here are the truth; a case's label is worked out from them as a whole each time, so that an undo, a late
outcome or a repeated message cannot leave it half right.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection

from scoring.backtest import Label, label_cases


def refresh_labels(lead_ids: Iterable[UUID]) -> None:
    """Brings the labels of all cases of these leads up to date, in the caller's transaction. Two or three queries."""
    ids = sorted(set(lead_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, {"leads": ids, "currency": settings.REPORTING_CURRENCY})
        label_cases([Label(*row) for row in cursor.fetchall()])


# A rejection that was contested, and that the judge finds should not have been, is no label.
# The answer is the first that stands, as everywhere: what a lead that was accepted became later, its outcomes say. They
# belong to the hand-off that was accepted last, else to the last one. A lead of history is a case once it has an answer
# or an outcome; one that was met, won or valued was accepted, whether or not somebody wrote that down.
_LABELS = """
WITH answered AS (
    SELECT answer.lead_id, answer.handoff_id,
           (array_agg(answer.kind ORDER BY answer.recorded_at, answer.id))[1] AS kind,
           (array_agg(answer.decided_at ORDER BY answer.recorded_at, answer.id))[1] AS at,
           coalesce((array_agg(answer.reason_id ORDER BY answer.recorded_at DESC, answer.id DESC)
                     FILTER (WHERE answer.reason_id IS NOT NULL))[1], '') AS reason,
           bool_or(answer.kind = 'accepted') AS was_accepted
      FROM feedback_disposition answer
     WHERE answer.lead_id = ANY(%(leads)s) AND answer.kind <> 'undone'
           AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id)
           AND NOT (answer.kind = 'rejected' AND EXISTS (
               SELECT FROM feedback_contest contest
                 JOIN feedback_contestverdict verdict ON verdict.contest_id = contest.id
                WHERE contest.handoff_id = answer.handoff_id AND contest.about = 'rejection' AND verdict.is_upheld))
     GROUP BY answer.lead_id, answer.handoff_id
), became AS (
    SELECT lead_id, bool_or(kind = 'meeting') AS met, bool_or(kind IN ('opportunity', 'won', 'lost')) AS opportunity,
           bool_or(kind = 'won') AS won, bool_or(kind = 'lost') AS lost, min(occurred_at) AS at,
           coalesce(sum(amount) FILTER (WHERE kind = 'opportunity' AND currency = %(currency)s), 0) AS pipeline,
           coalesce(sum(amount) FILTER (WHERE kind = 'won' AND currency = %(currency)s), 0) AS revenue
      FROM feedback_outcome outcome
     WHERE lead_id = ANY(%(leads)s) AND kind <> 'withdrawn'
           AND NOT EXISTS (SELECT FROM feedback_outcome later WHERE later.corrects_id = outcome.id)
     GROUP BY lead_id
), cases AS (
    SELECT handoff.id AS handoff_id, handoff.lead_id, handoff.handed_off_at AS at, handoff.owner_id,
           answered.kind, coalesce(answered.reason, '') AS reason,
           row_number() OVER (PARTITION BY handoff.lead_id
                              ORDER BY coalesce(answered.was_accepted, false) DESC, handoff.number DESC) = 1 AS is_last
      FROM sla_handoff handoff
      LEFT JOIN answered ON answered.handoff_id = handoff.id
     WHERE handoff.lead_id = ANY(%(leads)s)
    UNION ALL
    SELECT NULL, lead.id, coalesce(lead.occurred_at, answered.at), NULL,
           coalesce(answered.kind, CASE WHEN became.met OR became.won OR became.pipeline > 0 THEN 'accepted' END),
           coalesce(answered.reason, ''), true
      FROM leads_lead lead
      LEFT JOIN answered ON answered.lead_id = lead.id AND answered.handoff_id IS NULL
      LEFT JOIN became ON became.lead_id = lead.id
     WHERE lead.id = ANY(%(leads)s) AND lead.is_history
           AND (answered.lead_id IS NOT NULL OR became.lead_id IS NOT NULL)
)
SELECT cases.handoff_id, cases.lead_id, cases.at, cases.owner_id,
       CASE cases.kind WHEN 'accepted' THEN 1 WHEN 'rejected' THEN 2 WHEN 'returned' THEN 3 ELSE 0 END,
       cases.reason,
       is_last AND coalesce(became.met, false), is_last AND coalesce(became.opportunity, false),
       CASE WHEN NOT is_last THEN 0 WHEN became.won THEN 1 WHEN became.lost THEN 2 ELSE 0 END,
       CASE WHEN is_last THEN coalesce(became.pipeline, 0) ELSE 0 END,
       CASE WHEN is_last THEN coalesce(became.revenue, 0) ELSE 0 END
  FROM cases LEFT JOIN became ON became.lead_id = cases.lead_id
"""
