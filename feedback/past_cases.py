"""Opens the cases that backtests look at, where a database is older than they are, or somebody removed them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from feedback.labels import refresh_labels
from scoring.backtest import NewCase, mark_changed, open_cases, pack_everything

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Backfilled:
    """Cases that were missing: of hand-offs, of answered leads of history, and running leads to be packed."""

    handoffs: int
    history: int
    leads: int
    packed: int


def backfill_cases(*, now: datetime) -> Backfilled:
    """Opens what is missing and packs it, batch by batch; what exists stays. A second call finds nothing to do."""
    handoffs = history = leads = 0
    while rows := _some(_HANDOFFS):
        with transaction.atomic():
            open_cases([NewCase(*row) for row in rows])
            refresh_labels(row[1] for row in rows)
        handoffs += len(rows)
    while rows := _some(_HISTORY):
        refresh_labels(_first(rows))
        history += len(rows)
    while rows := _some(_LEADS):
        mark_changed(_first(rows))
        leads += len(rows)
    return Backfilled(handoffs, history, leads, pack_everything(now=now))


def _some(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [BATCH])
        return cursor.fetchall()


def _first(rows: list[tuple[Any, ...]]) -> list[UUID]:
    return [row[0] for row in rows]


_HANDOFFS = """
SELECT handoff.id, handoff.lead_id, handoff.score_decision_id, handoff.handed_off_at, handoff.owner_id
  FROM sla_handoff handoff
  JOIN leads_lead lead ON lead.id = handoff.lead_id AND lead.withdrawn_at IS NULL
 WHERE NOT EXISTS (SELECT FROM scoring_case found WHERE found.handoff_id = handoff.id)
 ORDER BY handoff.id
 LIMIT %s
"""
_HISTORY = """
SELECT lead.id
  FROM leads_lead lead
 WHERE lead.is_history AND lead.withdrawn_at IS NULL
       AND NOT EXISTS (SELECT FROM scoring_case found WHERE found.lead_id = lead.id AND found.kind = 2)
       AND (EXISTS (SELECT FROM feedback_disposition answer
                     WHERE answer.lead_id = lead.id AND answer.handoff_id IS NULL AND answer.kind <> 'undone'
                           AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id))
            OR EXISTS (SELECT FROM feedback_outcome outcome
                        WHERE outcome.lead_id = lead.id AND outcome.kind <> 'withdrawn'
                              AND NOT EXISTS (SELECT FROM feedback_outcome later WHERE later.corrects_id = outcome.id)))
 ORDER BY lead.id
 LIMIT %s
"""
_LEADS = """
SELECT lead.id
  FROM leads_lead lead
 WHERE NOT lead.is_history AND lead.withdrawn_at IS NULL
       AND EXISTS (SELECT FROM scoring_leadscore score WHERE score.lead_id = lead.id)
       AND NOT EXISTS (SELECT FROM scoring_case found WHERE found.lead_id = lead.id AND found.kind = 3)
       AND NOT EXISTS (SELECT FROM scoring_casemark mark WHERE mark.lead_id = lead.id)
 ORDER BY lead.id
 LIMIT %s
"""
