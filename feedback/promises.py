"""The two-sided board: every clause of the agreement, kept or not, whether it has a clock or is a count.

Clocks are the SLA floor's. What a count clause promises can only be seen from here, where answers and outcomes are
known (`feedback.metrics.promised`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, F, Q, Value
from django.db.models.functions import Coalesce, TruncWeek

from feedback.metrics import METRICS, Period, Week, measure
from feedback.metrics.promised import COUNTED, count_promises
from feedback.models import Review
from sla.models import Clause, Clock
from sla.queries import clause_board

WEEKS_SHOWN = 13


@dataclass(slots=True)
class Promise:
    """One clause in one week: promises kept, broken and still running; `worst` are the open clocks that are latest.

    `total` is for a clause that promises an amount: how much there is, `target` what was promised for the whole month
    and `pace` what is due by now. A clause nobody can measure yet has `is_measured` False.
    """

    clause: Clause
    kept: int = 0
    late: int = 0
    pending: int = 0
    worst: list[Clock] = field(default_factory=list)
    series: list[tuple[Week, int, int]] = field(default_factory=list)
    total: float | None = None
    target: float | None = None
    pace: float | None = None
    span: Period | None = None
    is_measured: bool = True

    @property
    def n(self) -> int:
        return self.kept + self.late

    @property
    def share(self) -> float | None:
        """Share of the decided promises that was kept; None if none is decided."""
        return self.kept / self.n if self.n else None

    @property
    def shares(self) -> list[float | None]:
        """Share kept in each week, oldest first."""
        return [kept / (kept + late) if kept + late else None for _, kept, late in self.series]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the review's snapshot."""
        return {
            "code": self.clause.code,
            "side": self.clause.side,
            "text": self.clause.text,
            "kept": self.kept,
            "late": self.late,
            "pending": self.pending,
            "total": self.total,
            "target": self.target,
            "pace": self.pace,
            "is_measured": self.is_measured,
            "series": [{"week": week.name, "kept": kept, "late": late} for week, kept, late in self.series],
        }


def promise_board(week: Week, now: datetime) -> list[Promise]:
    """Both sides' promises of the week, in the order of the agreement. Seven queries, however many clauses."""
    rows = clause_board(week.start, week.end, now)
    by_week = _kept_by_week(week, now)
    weeks = [week.plus(offset) for offset in range(1 - WEEKS_SHOWN, 1)]
    counted = count_promises({row.clause.code for row in rows if not row.is_clock}, week, now)
    board = []
    for row in rows:
        promise = Promise(row.clause, row.kept, row.late, row.pending, row.worst)
        if row.is_clock:
            found = by_week.get(row.clause.code, {})
            promise.series = [(each, *found.get(each, (0, 0))) for each in weeks]
        elif row.clause.code == "volume":
            _fill_volume(promise, week, now)
        elif row.clause.code == "huddle":
            _fill_huddle(promise, week, now)
        elif row.clause.code in COUNTED:
            verdicts = counted.get(row.clause.code, {})
            promise.kept, promise.late, promise.pending = (verdicts.get(one, 0) for one in ("kept", "late", "pending"))
        else:
            promise.is_measured = False
        board.append(promise)
    return board


def _fill_volume(promise: Promise, week: Week, now: datetime) -> None:
    """Accepted leads of the month so far against the month's promise, and what an even pace would have brought."""
    until = min(now, week.end)
    first = (until - timedelta(microseconds=1)).astimezone(week.zone).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )  # fmt: skip
    following = (first + timedelta(days=32)).replace(day=1)
    start, end = first.astimezone(UTC), following.astimezone(UTC)
    promise.span = Period(start, until)
    promise.total = measure(METRICS["accepted_leads"], promise.span).value
    promise.target = float(promise.clause.target or 0)
    promise.pace = round(promise.target * ((until - start) / (end - start)), 1)


def _fill_huddle(promise: Promise, week: Week, now: datetime) -> None:
    """The weekly huddle took place if the review of the week before was closed in this week."""
    closed = Review.objects.filter(week_on=week.plus(-1).monday, closed_at__lt=week.end).exists()
    promise.kept, promise.late, promise.pending = int(closed), int(not closed and now >= week.end), 0
    if not closed and now < week.end:
        promise.pending = 1


def _kept_by_week(last: Week, now: datetime) -> dict[str, dict[Week, tuple[int, int]]]:
    """{clause code: {week: (kept, late)}} of the weeks shown. The comparison is that of `clause_board`. One query."""
    judged_at = Coalesce("paused_at", "met_at", "cancelled_at", Value(now, output_field=DateTimeField()))
    rows = (
        Clock.objects.counted()
        .filter(due_at__gte=last.plus(1 - WEEKS_SHOWN).start, due_at__lt=last.end)
        .annotate(judged_at=judged_at, in_week=TruncWeek("due_at", tzinfo=last.zone))
        .values("clause__code", "in_week")
        .order_by("clause__code", "in_week")
        .annotate(
            kept=Count("id", filter=Q(due_at__gte=F("judged_at"), met_at__isnull=False)),
            late=Count("id", filter=Q(due_at__lt=F("judged_at"))),
        )
    )
    found: dict[str, dict[Week, tuple[int, int]]] = {}
    for row in rows:
        week = Week.of(row["in_week"], last.zone)
        found.setdefault(row["clause__code"], {})[week] = (row["kept"], row["late"])
    return found
