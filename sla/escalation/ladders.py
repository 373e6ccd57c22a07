"""The ladder of each agreement: read, and written as a new version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from revops.foundation.models import User
from sla.ladder import MOST_MOVES, STEPS, Step, read_steps, write_steps
from sla.models import Agreement, Clock, EscalationLadder, RepBackup


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps that count for an agreement, and the row that says so (None: the usual ones)."""

    steps: tuple[Step, ...] = STEPS
    most_moves: int = MOST_MOVES
    row: EscalationLadder | None = None


def ladders_of(agreement_ids: Iterable[UUID]) -> dict[UUID, Ladder]:
    """The ladder of each agreement: its newest, else the newest of an agreement before it, else the usual steps."""
    wanted = set(agreement_ids)
    if not wanted:
        return {}
    versions = dict(Agreement.objects.filter(pk__in=wanted).values_list("pk", "version"))
    rows = list(EscalationLadder.objects.select_related("agreement").order_by("-agreement__version", "-version"))
    found = {}
    for pk in wanted:
        row = next((row for row in rows if row.agreement.version <= versions[pk]), None)
        found[pk] = Ladder(read_steps(row.steps), row.most_moves, row) if row else Ladder()
    return found


def save_ladder(
    agreement: Agreement, steps: Sequence[Step], *, most_moves: int, by: User, now: datetime
) -> EscalationLadder:
    """The next version of the ladder of an agreement. Raises LadderError in words."""
    raw = write_steps(steps)
    read_steps(raw)
    Agreement.objects.select_for_update().get(pk=agreement.pk)
    latest = EscalationLadder.objects.filter(agreement=agreement).aggregate(latest=Max("version"))["latest"] or 0
    Clock.objects.open().filter(look_at__isnull=False).update(look_at=None)
    return EscalationLadder.objects.create(
        agreement=agreement, version=latest + 1, steps=raw, most_moves=most_moves, created_by=by, created_at=now
    )


def save_backup(user: User, backup: User | None, *, now: datetime) -> None:
    """Says who stands in for somebody; nobody lets the ladder choose a colleague."""
    if backup is None:
        RepBackup.objects.filter(user=user).delete()
    else:
        RepBackup.objects.update_or_create(user=user, defaults={"backup": backup, "updated_at": now})
