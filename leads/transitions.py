"""The one writer of a lead's stage: compare-and-set, with an event for every move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from leads.lifecycle import check_move
from leads.models import LifecycleEvent
from revops.foundation.arrays import array_of
from revops.foundation.bulk import insert_values


class _Keep:
    """Marks an owner that stays as it is."""


KEEP = _Keep()


@dataclass(frozen=True, slots=True)
class Move:
    """One intended move. `occurred_at` is None for undated history; `owner_id` sets the owner (None clears it)."""

    lead_id: UUID
    from_stage: str
    to_stage: str
    occurred_at: datetime | None
    cause_kind: str
    cause_id: str = ""
    actor_id: UUID | None = None
    owner_id: UUID | _Keep | None = KEEP


def move_leads(
    moves: Sequence[Move],
    *,
    now: datetime,
    is_history: bool = False,
    is_undo: bool = False,
) -> list[UUID]:
    """Moves each lead that still stands where its move starts, and returns the ids of those moved.

    Two queries per distinct (from, to) and one INSERT of events, whatever owners and times the moves name. A lead
    somebody moved in the meantime is left alone and missing from the answer. Raises IllegalMove before anything is
    written.
    """
    groups: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in moves:
        check_move(move.from_stage, move.to_stage, is_history=is_history, is_undo=is_undo)
        groups[move.from_stage, move.to_stage].append(move)
    moved: set[UUID] = set()
    for (from_stage, to_stage), group in groups.items():
        moved.update(_move_group(from_stage, to_stage, group, now))
    insert_values(
        LifecycleEvent,
        [
            {
                "lead_id": move.lead_id,
                "from_stage": move.from_stage,
                "to_stage": move.to_stage,
                "occurred_at": move.occurred_at,
                "recorded_at": now,
                "actor_id": move.actor_id,
                "cause_kind": move.cause_kind,
                "cause_id": move.cause_id,
            }
            for move in moves
            if move.lead_id in moved
        ],
    )
    return [move.lead_id for move in moves if move.lead_id in moved]


def _move_group(from_stage: str, to_stage: str, group: Sequence[Move], now: datetime) -> list[UUID]:
    """Moves leads between two stages by compare-and-set; locks many in the order of their ids first."""
    ids = [move.lead_id for move in group]
    with connection.cursor() as cursor:
        if len(ids) > 1:
            cursor.execute(_LOCK, [array_of(ids), from_stage])
        cursor.execute(
            _MOVE,
            [
                to_stage,
                1 if to_stage == "rejected" else 0,
                array_of(ids),
                array_of(move.occurred_at or now for move in group),
                [move.owner_id is not KEEP for move in group],
                array_of(None if isinstance(move.owner_id, _Keep) else move.owner_id for move in group),
                from_stage,
            ],
        )
        return [row[0] for row in cursor.fetchall()]


_LOCK = "SELECT FROM leads_lead WHERE id = ANY(%s::uuid[]) AND stage = %s ORDER BY id FOR UPDATE"
_MOVE = """
UPDATE leads_lead lead
SET stage = %s, stage_at = move.stage_at, version = lead.version + 1, rejections = lead.rejections + %s,
    owner_id = CASE WHEN move.sets_owner THEN move.owner_id ELSE lead.owner_id END
FROM unnest(%s::uuid[], %s::timestamptz[], %s::boolean[], %s::uuid[]) AS move (lead_id, stage_at, sets_owner, owner_id)
WHERE lead.id = move.lead_id AND lead.stage = %s
RETURNING lead.id
"""
