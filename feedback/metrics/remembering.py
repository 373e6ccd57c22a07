"""Metrics by week and by source as they are remembered: the same numbers as `measuring` reads from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from feedback.metrics.cells import Question, answers
from feedback.metrics.dictionary import Metric
from feedback.metrics.measuring import Measure, measure_each_by, weekly
from feedback.metrics.periods import Period, Week, runs
from feedback.models.changed_days import FactKind


def weekly_of(asked: Mapping[Metric, int], last: Week) -> dict[str, dict[Week, Measure]]:
    """{metric key: its numbers of so many weeks up to and including `last`, oldest first}.

    One query, and one more for each metric of which a week changed since it was last asked for.
    """
    remembered = [metric for metric in asked if metric.facts.kind is not None]
    told = answers([_by_week(metric, last.plus(1 - asked[metric]).until(last)) for metric in remembered])
    found = {
        metric.key: {week: Measure(metric, *cells[week]) for week in last.plus(1 - asked[metric]).until(last)}
        for metric, cells in zip(remembered, told, strict=True)
    }
    return {metric.key: found.get(metric.key) or weekly(metric, last, weeks) for metric, weeks in asked.items()}


def by_source_of(metrics: Sequence[Metric], spans: Sequence[Period]) -> list[dict[UUID, Measure]]:
    """The number of each metric in all `spans` together for each source with rows in them.

    One query, and one more for each metric of which a span changed since it was last asked for. With several spans only
    for shares and counts, whose parts add up.
    """
    told = answers([_by_source(metric, spans) for metric in metrics])
    return [_together(metric, cells.values()) for metric, cells in zip(metrics, told, strict=True)]


def _by_week(metric: Metric, weeks: Sequence[Week]) -> Question[Week]:
    def ask(missing: list[Week]) -> dict[Week, Any]:
        found: dict[Week, Measure] = {}
        for first, last in runs(missing):
            found |= weekly(metric, last, len(first.until(last)))
        return {week: _plain(found[week]) for week in missing}

    return Question(_words(metric, "by week"), _kind(metric), {week: week.period for week in weeks}, ask)


def _by_source(metric: Metric, spans: Sequence[Period]) -> Question[Period]:
    def ask(missing: list[Period]) -> dict[Period, Any]:
        each = measure_each_by(metric, missing)
        return {span: {pk: _plain(one) for pk, one in found.items()} for span, found in each.items()}

    return Question(_words(metric, "by source"), _kind(metric), {span: span for span in spans}, ask)


def _kind(metric: Metric) -> FactKind:
    if metric.facts.kind is None:
        raise ValueError(f"{metric.key} rests on more than one kind of facts, so it cannot be remembered.")
    return metric.facts.kind


def _words(metric: Metric, split: str) -> str:
    return f"{split}|{metric.query}|{metric.fold}|{settings.REPORTING_CURRENCY}"


def _plain(measure: Measure) -> tuple[int, int, float | None]:
    return measure.n, measure.hits, measure.value


def _together(metric: Metric, cells: Iterable[Mapping[UUID, Any]]) -> dict[UUID, Measure]:
    parts = list(cells)
    if len(parts) == 1:
        return {pk: Measure(metric, *one) for pk, one in parts[0].items()}
    sums: dict[UUID, tuple[int, int]] = {}
    for part in parts:
        for pk, (n, hits, _value) in part.items():
            before = sums.get(pk, (0, 0))
            sums[pk] = before[0] + n, before[1] + hits
    return {pk: Measure(metric, n, hits, hits / n if n else None) for pk, (n, hits) in sums.items()}
