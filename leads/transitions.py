"""The one writer of a lead's stage: compare-and-set, with an event for every move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from leads.lifecycle import check_move
from leads.models import Lead, LifecycleEvent
from revops.foundation.bulk import insert_rows


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

    One UPDATE per distinct (from, to, owner, time) group and one INSERT of events. A lead somebody moved in the
    meantime is left alone and missing from the answer. Raises IllegalMove before anything is written.
    """
    groups: dict[tuple[str, str, object, datetime], list[Move]] = defaultdict(list)
    for move in moves:
        check_move(move.from_stage, move.to_stage, is_history=is_history, is_undo=is_undo)
        groups[move.from_stage, move.to_stage, move.owner_id, move.occurred_at or now].append(move)
    moved: set[UUID] = set()
    for (from_stage, to_stage, owner_id, stage_at), group in groups.items():
        changes: dict[str, object] = {
            "stage": to_stage,
            "stage_at": stage_at,
            "version": F("version") + 1,
        }
        if owner_id is not KEEP:
            changes["owner_id"] = owner_id
        if to_stage == "rejected":
            changes["rejections"] = F("rejections") + 1
        ids = [move.lead_id for move in group]
        candidates = Lead.objects.filter(pk__in=ids, stage=from_stage)
        if len(ids) == 1:
            if candidates.update(**changes) == 1:
                moved.add(ids[0])
        else:
            locked = list(candidates.select_for_update().order_by("pk").values_list("pk", flat=True))
            Lead.objects.filter(pk__in=locked).update(**changes)
            moved.update(locked)
    insert_rows(
        LifecycleEvent,
        [
            LifecycleEvent(
                lead_id=move.lead_id,
                from_stage=move.from_stage,
                to_stage=move.to_stage,
                occurred_at=move.occurred_at,
                recorded_at=now,
                actor_id=move.actor_id,
                cause_kind=move.cause_kind,
                cause_id=move.cause_id,
            )
            for move in moves
            if move.lead_id in moved
        ],
    )
    return [move.lead_id for move in moves if move.lead_id in moved]
