"""The two-sided board: every clause with what was kept, late and open in a week, its trend, and what is worst now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, DateTimeField, F, Q, Value
from django.db.models.functions import Coalesce, TruncWeek

from feedback.metrics import Period, Week
from feedback.metrics.promised import KEPT, LATE, PENDING, Item, count_promises, worst_items
from feedback.promises.behind import is_measured
from feedback.promises.records import recorded_promises
from feedback.promises.volume import volume_of
from revops.foundation.models import User
from sla.business_time import BusinessHours
from sla.models import Clause, Clock
from sla.queries import WORST, agreed_since, agreement_hours, clause_board, heads_of

WEEKS_SHOWN = 13


@dataclass(slots=True)
class Promise:
    """One clause in one week: promises kept, late and still open, by when they fall due; `owner` answers for it.

    `worst` are the open clocks that are latest, `worst_items` the same of a count clause. `total` is for a clause that
    promises an amount: how much there is, `target` what was promised for the whole month and `pace` what is due by
    now. A clause nobody can measure has `is_measured` False.
    """

    clause: Clause
    kept: int = 0
    late: int = 0
    pending: int = 0
    worst: list[Clock] = field(default_factory=list)
    worst_items: list[Item] = field(default_factory=list)
    series: list[tuple[Week, int, int]] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    total: float | None = None
    target: float | None = None
    pace: float | None = None
    span: Period | None = None
    owner: User | None = None
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
        """Plain values for the review's snapshot and the API."""
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
    """Both sides' promises of the week, in the order of the agreement. So many queries, however many promises."""
    first = week.plus(1 - WEEKS_SHOWN)
    worst_since = first.start if now < week.end else week.start
    rows = clause_board(week.start, week.end, now, worst_since=worst_since)
    if not rows:
        return []
    targets = {row.clause.code: row.clause.target for row in rows if not row.is_clock}
    agreement = max((row.clause.agreement for row in rows), key=lambda one: one.version)
    since, hours = agreed_since() or now, agreement_hours()
    found = {code: dict(weeks) for code, weeks in _kept_by_week(week, now).items()}
    found |= count_promises(targets, first, week, now)
    recorded = recorded_promises(targets, first, week, since, now, hours)
    found |= {code: _by_week(items, week) for code, items in recorded.items()}
    worst = worst_items(targets, worst_since, week.end, now, WORST)
    worst |= {code: _overdue(items, worst_since) for code, items in recorded.items()}
    owners = heads_of(agreement.pk)
    board = []
    for row in rows:
        code = row.clause.code
        promise = Promise(row.clause, row.kept, row.late, row.pending, row.worst, owner=owners.get(row.clause.side))
        if code == "volume":
            _fill_volume(promise, week, now, hours)
        elif row.is_clock or is_measured(code):
            weeks = found.get(code, {})
            promise.series = [
                (each, weeks.get(each, {}).get(KEPT, 0), weeks.get(each, {}).get(LATE, 0))
                for each in (first.plus(offset) for offset in range(WEEKS_SHOWN))
            ]
            if not row.is_clock:
                verdicts = weeks.get(week, {})
                promise.kept, promise.late, promise.pending = (verdicts.get(one, 0) for one in (KEPT, LATE, PENDING))
                promise.worst_items = worst.get(code, [])
        else:
            promise.is_measured = False
        board.append(promise)
    return board


def _fill_volume(promise: Promise, week: Week, now: datetime, hours: BusinessHours | None) -> None:
    """Accepted leads of the month so far against the month's promise, and what an even pace would have brought."""
    volume = volume_of(week, WEEKS_SHOWN, now, hours)
    promise.span, promise.amounts = volume.span, volume.by_week
    promise.total, promise.target = float(volume.total), float(promise.clause.target or 0)
    promise.pace = round(promise.target * volume.passed, 1)


def _by_week(items: list[Item], last: Week) -> dict[Week, dict[str, int]]:
    found: dict[Week, dict[str, int]] = {}
    for item in items:
        week = Week.of(item.due_at, last.zone)
        verdicts = found.setdefault(week, {})
        verdicts[item.verdict] = verdicts.get(item.verdict, 0) + 1
    return found


def _overdue(items: list[Item], since: datetime) -> list[Item]:
    return [item for item in items if item.verdict == LATE and item.done_at is None and item.due_at >= since][:WORST]


def _kept_by_week(last: Week, now: datetime) -> dict[str, dict[Week, dict[str, int]]]:
    """{clause code: {week: {verdict: n}}} of the weeks shown. The comparison is that of `clause_board`. One query."""
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
    found: dict[str, dict[Week, dict[str, int]]] = {}
    for row in rows:
        week = Week.of(row["in_week"], last.zone)
        found.setdefault(row["clause__code"], {})[week] = {KEPT: row["kept"], LATE: row["late"]}
    return found
