"""Packs running leads as they stand now: those whose facts changed, and their colleagues."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from revops.foundation.arrays import array_of
from scoring.backtest.labels import CaseLabel, pack_labels
from scoring.backtest.packing.chunks import Packed, append, bury
from scoring.backtest.packing.rows import everything
from scoring.engine import FactFrame
from scoring.engine.frame import UNDATED, date_of
from scoring.facts import load_facts
from scoring.models import CaseKind


def pack_leads(now: datetime, limit: int) -> int:
    """Packs running leads as they stand now: those marked, and their colleagues, whose accounts' acts they share."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_MARKS, [limit])
        cursor.execute(_CHANGED, [[lead_id for (lead_id,) in cursor.fetchall()]])
        rows = {row[0]: row for row in cursor.fetchall()}
        if not rows:
            return 0
        cursor.execute(_STAND, [array_of(rows)])
        cases = {lead_id: (pk, shown, chunk, place) for pk, lead_id, shown, chunk, place in cursor.fetchall()}
    bury([(chunk, place) for _pk, _shown, chunk, place in cases.values() if chunk is not None], cases)
    loaded = load_facts(list(rows), everything(), as_of={}, now=now)
    on = _latest_acts(loaded.frame, [rows[lead_id][2] for lead_id in loaded.lead_ids])
    frame = dataclasses.replace(loaded.frame, as_of=on)
    labels = []
    for lead_id, day in zip(loaded.lead_ids, on.tolist(), strict=True):
        _lead_id, source_id, _received = rows[lead_id]
        pk, shown = cases[lead_id][:2]
        labels.append(
            CaseLabel(
                pk, CaseKind.LEAD, date_of(day), source_id, None, 0, "", was_met=False, has_opportunity=False, result=0,
                was_shown=shown, is_narrow=False, pipeline=Decimal(0), revenue=Decimal(0),
            )
        )  # fmt: skip
    pks = [cases[lead_id][0] for lead_id in loaded.lead_ids]
    append(Packed(frame, pack_labels(labels), pks, loaded.lead_ids), is_past=False)
    return len(pks)


def _latest_acts(frame: FactFrame, received: Sequence[datetime]) -> NDArray[np.int32]:
    """The day of each lead's latest dated act, else of its receipt: when it was as warm as it ever was."""
    days = np.array([(at.astimezone(UTC).date() - date(1970, 1, 1)).days for at in received], dtype=np.int32)
    latest = np.full(frame.n, UNDATED, dtype=np.int32)
    np.maximum.at(latest, frame.signals.lead, frame.signals.day)
    return np.where(latest == UNDATED, days, latest).astype(np.int32)


_TAKE_MARKS = """
DELETE FROM scoring_casemark mark USING (
    SELECT lead_id FROM (SELECT lead_id FROM scoring_casemark ORDER BY id LIMIT %s) oldest GROUP BY lead_id
) wanted WHERE mark.lead_id = wanted.lead_id
RETURNING mark.lead_id
"""
_CHANGED = """
WITH marked AS (SELECT DISTINCT unnest(%s::uuid[]) AS id)
SELECT lead.id, lead.source_id, lead.received_at
  FROM leads_lead lead
 WHERE lead.id IN (SELECT id FROM marked
                    UNION SELECT colleague.id FROM marked JOIN leads_lead one ON one.id = marked.id
                                   JOIN leads_lead colleague ON colleague.account_id = one.account_id)
       AND lead.withdrawn_at IS NULL AND NOT lead.is_history
       AND NOT EXISTS (SELECT FROM leads_person WHERE id = lead.person_id AND erased_at IS NOT NULL)
"""
_STAND = """
INSERT INTO scoring_case AS cases (kind, lead_id, source_id, answer, reason, was_met, has_opportunity, result, pipeline,
                                   revenue, was_shown, waits, is_relabelled, is_narrow)
SELECT 3, lead.id, lead.source_id, 0, '', false, false, 0, 0, 0,
       EXISTS (SELECT FROM scoring_case shown WHERE shown.lead_id = lead.id AND shown.kind = 1), false, false, false
  FROM leads_lead lead WHERE lead.id = ANY(%s::uuid[])
ON CONFLICT (lead_id) WHERE kind = 3 DO UPDATE SET waits = false
RETURNING id, lead_id, was_shown, chunk_id, place
"""
