"""Logs attempts to reach leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from leads.models import Attempt
from revops.foundation.bulk import insert_rows


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to log. A time in the future is taken as now; an event id seen before is ignored.

    An automatic one (a bot, a sequence, an auto-reply) is kept and shown, and counts for nothing.
    """

    lead_id: UUID
    user_id: UUID
    channel: str
    result: str
    occurred_at: datetime
    grade: str = "C"
    note: str = ""
    event_id: str = ""
    is_automatic: bool = False


def log_attempts(tries: Sequence[Try], *, now: datetime) -> list[Attempt]:
    """Appends attempts and returns the new ones. Two queries at most."""
    events = {attempt.event_id for attempt in tries if attempt.event_id}
    known: set[tuple[UUID, str]] = set()
    if events:
        known = set(Attempt.objects.filter(event_id__in=events).values_list("lead_id", "event_id"))
    fresh = [attempt for attempt in tries if (attempt.lead_id, attempt.event_id) not in known]
    rows = [
        Attempt(
            lead_id=attempt.lead_id,
            user_id=attempt.user_id,
            channel=attempt.channel,
            result=attempt.result,
            grade=attempt.grade,
            occurred_at=min(attempt.occurred_at, now),
            recorded_at=now,
            note=attempt.note[:2000],
            event_id=attempt.event_id,
            is_automatic=attempt.is_automatic,
        )
        for attempt in fresh
    ]
    insert_rows(Attempt, rows)
    return rows


@dataclass(frozen=True, slots=True)
class Persistence:
    """How often, and over how many channels, a lead was tried."""

    attempts: int = 0
    channels: int = 0


def persistence_of(lead_ids: Sequence[UUID]) -> dict[UUID, Persistence]:
    """Attempts people made and their distinct channels, by lead. One query; leads never tried are in it with zeros."""
    counted = (
        Attempt.objects.filter(lead_id__in=lead_ids, is_automatic=False)
        .values("lead_id")
        .annotate(attempts=Count("id"), channels=Count("channel", distinct=True))
    )
    found = {row["lead_id"]: Persistence(row["attempts"], row["channels"]) for row in counted}
    return {lead_id: found.get(lead_id, Persistence()) for lead_id in lead_ids}
