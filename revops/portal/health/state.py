"""Reads for the health page: what waits, what failed, and the conservation equation day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Min, Q

from leads.models import PendingSubmission
from leads.queries import Balance, conservation
from revops.foundation.models import Job, JobState, MessageState, OutboxMessage
from sla.models import HandOff

DAYS = 14
_COUNTS = ("received", "new", "attached", "quarantined", "refused", "withdrawn", "pending")


@dataclass(frozen=True, slots=True)
class Day:
    """The equation of one day (UTC) over all sources; `parts` are those of the sources."""

    day: date
    received: int
    new: int
    attached: int
    quarantined: int
    refused: int
    withdrawn: int
    pending: int
    missing: int
    parts: tuple[Balance, ...]

    @property
    def balances(self) -> bool:
        """Whether each source balances: what one has too much never hides what another lacks."""
        return all(part.missing == 0 for part in self.parts)


def balance_of_days(now: datetime, days: int = DAYS) -> list[Day]:
    """The last days, newest first, days without submissions left out. One query."""
    today = now.astimezone(UTC).date()
    by_day: dict[date, list[Balance]] = {}
    for part in conservation(today - timedelta(days=days - 1), today):
        by_day.setdefault(part.day, []).append(part)
    return [day_of(day, parts) for day, parts in sorted(by_day.items(), reverse=True)]


def day_of(day: date, parts: Iterable[Balance]) -> Day:
    """The sum of the equations of sources."""
    parts = tuple(parts)
    sums = {name: sum(getattr(part, name) for part in parts) for name in _COUNTS}
    return Day(day, **sums, missing=sum(part.missing for part in parts), parts=parts)


@dataclass(frozen=True, slots=True)
class Lag:
    """How many messages of one channel wait, since when, and how many were given up in the last week."""

    channel: str
    waiting: int
    oldest_at: datetime | None
    failed: int


def outbox_lags(now: datetime) -> list[Lag]:
    """What is due and waits, and what could not be delivered. One query."""
    due = Q(state__in=[MessageState.WAITING, MessageState.DELIVERING], available_at__lte=now)
    failed = Q(state=MessageState.FAILED, finished_at__gte=now - timedelta(days=7))
    rows = (
        OutboxMessage.objects.filter(due | failed)
        .values("channel")
        .annotate(waiting=Count("pk", filter=due), oldest=Min("available_at", filter=due),
                  failed=Count("pk", filter=failed))
        .order_by("channel")
    )  # fmt: skip
    return [Lag(row["channel"], row["waiting"], row["oldest"], row["failed"]) for row in rows]


def open_jobs() -> list[Job]:
    """Long work that waits or runs, and the latest that failed. One query."""
    live = Q(state__in=[JobState.WAITING, JobState.RUNNING, JobState.PAUSED])
    return list(Job.objects.filter(live | Q(state=JobState.FAILED)).select_related("created_by").order_by("-pk")[:20])


def pending() -> list[PendingSubmission]:
    """Submissions whose processing failed, those that wait longest first. One query."""
    return list(PendingSubmission.objects.select_related("submission__source").order_by("submission_id")[:20])


def unrouted() -> int:
    """Hand-offs that nobody could take. One query."""
    return HandOff.objects.unrouted().count()
