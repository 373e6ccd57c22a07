"""Takes imported outcomes back as a whole: each is withdrawn by a further row, the last one of a lead first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from feedback.corrections import Corrected, Correction, correct_outcomes
from feedback.models import Outcome, OutcomeStage

REASON = "The import was undone."


def standing_outcomes(job_id: UUID, limit: int) -> list[Outcome]:
    """Outcomes of an import that still count, at most one of each lead, the newest of it first. One query."""
    found = Outcome.objects.filter(job_id=job_id, corrected_by__isnull=True)
    return list(found.order_by("lead_id", "-line", "-pk").distinct("lead_id")[:limit])


def later_edits(job_id: UUID) -> tuple[int, UUID | None]:
    """How many imported outcomes somebody corrected or built on since, and the lead of one of them. One query.

    Built on: the lead moved because of something else after the import, or a correction that is not this undo's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LATER, {"job": job_id, "withdrawn": OutcomeStage.WITHDRAWN, "reason": REASON})
        count, lead_id = cursor.fetchone()
    return int(count), lead_id


def withdraw_outcomes(outcomes: Sequence[Outcome], actor_id: UUID | None, *, now: datetime) -> list[Corrected]:
    """Withdraws outcomes of different leads, in the caller's transaction; leads go back to where they stood."""
    return correct_outcomes(
        [Correction(outcome.pk, actor_id, reason=REASON, withdraws=True) for outcome in outcomes], now=now
    )


_LATER = """
WITH brought AS (SELECT id, lead_id FROM feedback_outcome WHERE job_id = %(job)s),
last_move AS (
    SELECT event.lead_id, max(event.id) AS id FROM leads_lifecycleevent event
     WHERE event.cause_kind = 'outcome' AND event.cause_id IN (SELECT id::text FROM brought)
     GROUP BY event.lead_id
),
touched AS (
    SELECT brought.lead_id FROM brought JOIN feedback_outcome later ON later.corrects_id = brought.id
     WHERE NOT (later.kind = %(withdrawn)s AND later.reason = %(reason)s)
    UNION
    SELECT last_move.lead_id FROM last_move JOIN leads_lifecycleevent event
        ON event.lead_id = last_move.lead_id AND event.id > last_move.id AND event.cause_kind <> 'undo'
)
SELECT count(*), (SELECT lead_id FROM touched LIMIT 1) FROM touched
"""
