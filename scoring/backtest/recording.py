"""Writes cases down: a hand-off opens one, feedback labels it, an import that is undone takes its cases along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from revops.foundation.arrays import array_of


class NewCase(NamedTuple):
    """One lead given to sales: what is to be remembered of that moment."""

    handoff_id: UUID
    lead_id: UUID
    decision_id: int | None
    at: datetime
    rep_id: UUID | None


class Label(NamedTuple):
    """What became of one case so far, as a whole: it replaces what was said before.

    `handoff_id` is None for a lead of history, whose case this opens if there is none; `at` is then its own time, None
    if it is undated. Money is in the reporting currency.
    """

    handoff_id: UUID | None
    lead_id: UUID
    at: datetime | None
    rep_id: UUID | None
    answer: int
    reason: str
    was_met: bool
    has_opportunity: bool
    result: int
    pipeline: Decimal
    revenue: Decimal


def open_cases(cases: Sequence[NewCase]) -> None:
    """Remembers hand-offs, in their transaction. Facts are packed by the next sweep. One statement."""
    if cases:
        _run(_OPEN, [case._asdict() for case in cases])


def label_cases(labels: Sequence[Label]) -> None:
    """Writes down what became of cases. Labels that say the same as before change nothing. At most two statements."""
    live = [label._asdict() for label in labels if label.handoff_id is not None]
    past = [label._asdict() for label in labels if label.handoff_id is None]
    if live:
        _run(_LABEL, live)
    if past:
        _run(_LABEL_HISTORY, past)


def mark_changed(lead_ids: Sequence[UUID]) -> None:
    """Says that facts of these running leads may have changed, so that they are packed anew. One statement.

    A mark is a row of its own: whoever packs removes the marks it sees and then reads the facts, so that a change that
    commits meanwhile keeps its mark.
    """
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO scoring_casemark (lead_id) SELECT unnest(%s::uuid[])", [array_of(lead_ids)])


def take_cases_back(lead_ids: Sequence[UUID]) -> int:
    """Removes the cases of leads whose import was undone. Two statements."""
    return _remove_cases(lead_ids, "true")


def stop_standing(lead_ids: Sequence[UUID]) -> int:
    """Removes leads of erased people from those that are judged anew; their past cases stay. Two statements."""
    return _remove_cases(lead_ids, "kind = 3")


def _remove_cases(lead_ids: Sequence[UUID], which: str) -> int:
    if not lead_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK.format(which), [array_of(lead_ids)])
        row = cursor.fetchone()
        cursor.execute("DELETE FROM scoring_casemark WHERE lead_id = ANY(%s::uuid[])", [array_of(lead_ids)])
    return int(row[0]) if row else 0


def _run(statement: str, rows: Sequence[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [orjson.dumps(rows, default=str).decode()])


_FRESH = (
    " json_to_recordset(%s::json) AS fresh(handoff_id uuid, lead_id uuid, decision_id bigint, at timestamptz,"
    " rep_id uuid, answer smallint, reason text, was_met boolean, has_opportunity boolean, result smallint,"
    " pipeline numeric, revenue numeric)"
)
_OPEN = f"""
INSERT INTO scoring_case (kind, lead_id, handoff_id, decision_id, at, source_id, rep_id, answer, reason, was_met,
                          has_opportunity, result, pipeline, revenue, was_shown, waits, is_relabelled, is_narrow)
SELECT 1, fresh.lead_id, fresh.handoff_id, fresh.decision_id, fresh.at, lead.source_id, fresh.rep_id, 0, '', false,
       false, 0, 0, 0, true, true, false, false
  FROM {_FRESH} JOIN leads_lead lead ON lead.id = fresh.lead_id
ON CONFLICT (handoff_id) DO NOTHING
"""  # noqa: S608 - names only
_SAME = (
    "(cases.rep_id, cases.answer, cases.reason, cases.was_met, cases.has_opportunity, cases.result, cases.pipeline,"
    " cases.revenue)"
)
_NEW = "({0}.rep_id, {0}.answer, {0}.reason, {0}.was_met, {0}.has_opportunity, {0}.result, {0}.pipeline, {0}.revenue)"
_SET = """
       rep_id = {0}.rep_id, answer = {0}.answer, reason = {0}.reason, was_met = {0}.was_met,
       has_opportunity = {0}.has_opportunity, result = {0}.result, pipeline = {0}.pipeline, revenue = {0}.revenue,
       is_relabelled = true"""
_LABEL = f"""
UPDATE scoring_case cases SET {_SET.format("fresh")}
  FROM {_FRESH}
 WHERE cases.handoff_id = fresh.handoff_id AND {_SAME} IS DISTINCT FROM {_NEW.format("fresh")}
"""  # noqa: S608 - names only
_LABEL_HISTORY = f"""
INSERT INTO scoring_case AS cases (kind, lead_id, at, source_id, rep_id, answer, reason, was_met, has_opportunity,
                                   result, pipeline, revenue, was_shown, waits, is_relabelled, is_narrow)
SELECT 2, fresh.lead_id, fresh.at, lead.source_id, fresh.rep_id, fresh.answer, fresh.reason, fresh.was_met,
       fresh.has_opportunity, fresh.result, fresh.pipeline, fresh.revenue, true, true, false, false
  FROM {_FRESH} JOIN leads_lead lead ON lead.id = fresh.lead_id
ON CONFLICT (lead_id) WHERE kind = 2 DO UPDATE SET {_SET.format("excluded")}
 WHERE {_SAME} IS DISTINCT FROM {_NEW.format("excluded")}
"""  # noqa: S608 - names only
_TAKE_BACK = """
WITH gone AS (DELETE FROM scoring_case WHERE lead_id = ANY(%s::uuid[]) AND {} RETURNING chunk_id, place),
buried AS (
    UPDATE scoring_casechunk chunk SET dead = dead || places
      FROM (SELECT chunk_id, array_agg(place) AS places FROM gone WHERE chunk_id IS NOT NULL GROUP BY 1) by_chunk
     WHERE chunk.id = by_chunk.chunk_id
)
SELECT count(*) FROM gone
"""
