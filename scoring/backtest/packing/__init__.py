"""Packs the facts of cases into columns, soon after they happened; the cost grows with what changed.

What a decision was made from is stored with it, but only as far as its rulebook asked. A case keeps every fact, so that
a draft may ask something new. Packing therefore reads all facts as of the decision, makes the decision again from them,
and keeps them if it comes out the same; else somebody changed them meanwhile, and the case keeps what the decision
stored and is marked as narrow.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from scoring.backtest.packing.chunks import (
    CHUNK,
    LEAD_IDS,
    SAMPLE_EVERY,
    lead_id_codes,
    lead_ids,
    packing_lock,
    write_chunk,
)
from scoring.backtest.packing.forgetting import forget_texts
from scoring.backtest.packing.past import pack_past
from scoring.backtest.packing.relabelling import fold_labels
from scoring.backtest.packing.running import pack_leads

__all__ = [
    "CHUNK",
    "LEAD_IDS",
    "SAMPLE_EVERY",
    "forget_texts",
    "lead_id_codes",
    "lead_ids",
    "pack_cases",
    "pack_everything",
    "packing_lock",
    "waiting",
    "write_chunk",
]

BATCH = 5_000


def pack_cases(*, now: datetime, limit: int = BATCH) -> int:
    """Packs cases that wait and leads whose facts changed, up to `limit` of each. Returns how many were packed.

    One process packs at a time; another one that tries meanwhile does nothing.
    """
    with transaction.atomic():
        if not packing_lock(wait=False):
            return 0
        packed = pack_past(now, limit) + pack_leads(now, limit)
    with transaction.atomic():
        fold_labels()
    return packed


def pack_everything(*, now: datetime) -> int:
    """Packs until nothing waits. Each batch is a transaction of its own unless the caller holds one."""
    done = 0
    while packed := pack_cases(now=now):
        done += packed
    return done


def waiting() -> int:
    """Cases and changed leads that are not packed yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM scoring_case WHERE waits)"
            " + (SELECT count(DISTINCT lead_id) FROM scoring_casemark)"
        )
        return int(cursor.fetchone()[0])
