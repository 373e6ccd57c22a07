"""One metric of the review: the number of the week, the weeks before it, and whether the change is real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback.metrics import Measure, Metric, Unit, Week, is_mature, weekly_of
from revops.foundation.pages.charts.xmr import Xmr, xmr
from revops.foundation.statistics import change, mean

WEEKS_SHOWN = 13
TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Line:
    """One metric in one week.

    A week that still runs, or whose leads have not had the time to become what is counted, is shown but not judged:
    change and verdict are those of `judged`, the newest week that is ripe.
    """

    metric: Metric
    series: dict[Week, Measure]
    week: Week
    judged: Week

    @property
    def now(self) -> Measure:
        return self.series[self.week]

    @property
    def ripe(self) -> list[Measure]:
        """The weeks up to the judged one, oldest first."""
        return [measure for week, measure in self.series.items() if week.monday <= self.judged.monday]

    @property
    def limits(self) -> Xmr:
        known = [entry.value for entry in self.ripe if entry.value is not None]
        return xmr(known, floor=0, ceiling=1 if self.metric.unit is Unit.SHARE else None)

    @property
    def verdict(self) -> str:
        """ "signal up", "signal down", "routine" or "too few": the judged week against the weeks before (XmR)."""
        newest = self.ripe[-1]
        return TOO_FEW if newest.value is None or newest.too_few else self.limits.verdict

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the snapshot, the page, JSON and CSV."""
        ripe, verdict = self.ripe, self.verdict
        judged = ripe[-1]
        signal = self.limits.last_signal if verdict.startswith("signal") else None
        return {
            "key": self.metric.key,
            "name": str(self.metric.name),
            "definition": str(self.metric.definition),
            "unit": self.metric.unit.value,
            "higher_is_better": self.metric.higher_is_better,
            **_numbers(self.now),
            "is_mature": self.judged == self.week,
            "judged": {"week": self.judged.name, **_numbers(judged)},
            "change": change(judged.value, ripe[-2].value if len(ripe) > 1 else None),
            "change_to_4_weeks": change(judged.value, mean([entry.value for entry in ripe[-5:-1]])),
            "verdict": verdict,
            "signal": str(signal) if signal else "",
            "series": [{"week": week.name, "value": entry.value, "n": entry.n} for week, entry in self.series.items()],
        }


def judged_week(entry: Metric, week: Week, now: datetime) -> Week:
    """The newest week up to `week` that is over, and old enough for its leads to have become what is counted."""
    while not is_mature(entry, week.period, now):
        week = week.plus(-1)
    return week


def lines_of(entries: Sequence[Metric], week: Week, now: datetime) -> dict[str, Line]:
    """The line of each metric, over as many further weeks as it takes to ripen. Queries as `weekly_of`."""
    judged = {entry: judged_week(entry, week, now) for entry in entries}
    lag = {entry: (week.monday - ripe.monday).days // 7 for entry, ripe in judged.items()}
    series = weekly_of({entry: WEEKS_SHOWN + lag[entry] for entry in entries}, week)
    return {entry.key: Line(entry, series[entry.key], week, judged[entry]) for entry in entries}


def _numbers(measure: Measure) -> dict[str, Any]:
    interval = measure.interval
    return {
        "value": measure.value,
        "n": measure.n,
        "hits": measure.hits,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "too_few": measure.too_few,
    }
