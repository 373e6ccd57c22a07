"""The two-sided board: every clause with what was kept, late and open in a week, its trend, and what is worst now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feedback.metrics import Period, Week
from feedback.metrics.promised import KEPT, LATE, PENDING, Item, Tally, tallies_of
from feedback.promises.behind import is_measured
from feedback.promises.clocks import clocks_by_week
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
    worst_since = first if now < week.end else week
    clocks = clocks_by_week(first, week, now)
    rows = clause_board(week.start, week.end, now, worst_since=worst_since.start, counted=clocks[week])
    if not rows:
        return []
    targets = {row.clause.code: row.clause.target for row in rows if not row.is_clock}
    agreement = max((row.clause.agreement for row in rows), key=lambda one: one.version)
    since, hours = agreed_since() or now, agreement_hours()
    found: dict[str, dict[Week, Mapping[str, int]]] = {
        row.clause.code: {each: clocks[each].get(row.clause.code, {}) for each in clocks} for row in rows
    }
    tallies = tallies_of(targets, first, week, now, WORST)
    found |= {code: {each: tally.counts for each, tally in weeks.items()} for code, weeks in tallies.items()}
    recorded = recorded_promises(targets, first, week, since, now, hours)
    found |= {code: dict(_by_week(items, week)) for code, items in recorded.items()}
    worst = {code: _worst(weeks, worst_since) for code, weeks in tallies.items()}
    worst |= {code: _overdue(items, worst_since.start) for code, items in recorded.items()}
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


def _worst(weeks: Mapping[Week, Tally], since: Week) -> list[Item]:
    """The open promises of a clause that are overdue longest, among those of each week."""
    items = [item for week, tally in weeks.items() if week.monday >= since.monday for item in tally.worst]
    return sorted(items, key=lambda item: (item.due_at, item.lead_id))[:WORST]


def _overdue(items: list[Item], since: datetime) -> list[Item]:
    return [item for item in items if item.verdict == LATE and item.done_at is None and item.due_at >= since][:WORST]
