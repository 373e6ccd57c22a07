"""Computes metrics from their one query: for a period, week by week, by source; and opens them to their leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from feedback.metrics.dictionary import Fold, Metric, Unit
from feedback.metrics.periods import Period, Week
from leads.models import Lead
from leads.money import units_of
from revops.foundation.statistics import Interval, is_too_few, wilson_interval

_NAMED = re.compile(r"%\((\w+)\)s")


def organisation_zone() -> ZoneInfo:
    """The zone in which the organisation counts its weeks."""
    return ZoneInfo(settings.ORGANISATION_TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrows a metric down. Empty means all."""

    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number with what it rests on: `n` rows, of which `hits` count. `value` is None without rows.

    A share's value lies in 0..1. `interval` is given for shares only.
    """

    metric: Metric
    n: int
    hits: int
    value: float | None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.hits, self.n) if self.metric.unit is Unit.SHARE else None

    @property
    def too_few(self) -> bool:
        """Whether the number rests on too few leads to judge; counts and sums never do."""
        return self.metric.fold is not Fold.SUM and is_too_few(self.n)


_FOLDS = {
    Fold.MEAN: "avg(fact.value)",
    Fold.SUM: "sum(fact.value)",
    Fold.MEDIAN: "percentile_cont(0.5) WITHIN GROUP (ORDER BY fact.value)",
    Fold.PER_LEAD: "NULLIF(sum(fact.value), 0) / NULLIF(count(fact.lead_id), 0)",
}


def _facts(metric: Metric, period: Period, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = "fact.at >= %(start)s AND fact.at < %(end)s"
    if filters.source_id is not None:
        where += " AND fact.source_id = %(source)s"
    parameters = {
        "start": period.start,
        "end": period.end,
        "source": filters.source_id,
        "currency": settings.REPORTING_CURRENCY,
        "units": units_of(settings.REPORTING_CURRENCY),
        "zone": settings.ORGANISATION_TIME_ZONE,
    }
    return f"FROM ({metric.query}) fact WHERE {where}", parameters


def _measures(metric: Metric, rows: Sequence[tuple[Any, ...]]) -> dict[Any, Measure]:
    return {key: _measure(metric, n, hits, value) for key, n, hits, value in rows}


def _measure(metric: Metric, n: int, hits: int, value: Any) -> Measure:
    if value is None and metric.fold is Fold.SUM:
        value = 0
    return Measure(metric, n, hits, None if value is None else float(value))


def _select(metric: Metric, key: str) -> str:
    return (
        f"SELECT {key}, count(fact.lead_id), count(fact.lead_id) FILTER (WHERE fact.value > 0), {_FOLDS[metric.fold]}"
    )


def measure(metric: Metric, period: Period, filters: Filters = Filters()) -> Measure:
    """The number of one period. One query."""
    facts, parameters = _facts(metric, period, filters)
    with connection.cursor() as cursor:
        cursor.execute(f"{_select(metric, 'NULL')} {facts}", parameters)
        _, n, hits, value = cursor.fetchone()
    return _measure(metric, n, hits, value)


def measure_by(metric: Metric, period: Period) -> dict[UUID, Measure]:
    """The number of each source that has rows in the period. One query."""
    facts, parameters = _facts(metric, period, Filters())
    with connection.cursor() as cursor:
        cursor.execute(f"{_select(metric, 'fact.source_id')} {facts} GROUP BY fact.source_id", parameters)
        return _measures(metric, cursor.fetchall())


def measure_each_by(metric: Metric, spans: Sequence[Period]) -> dict[Period, dict[UUID, Measure]]:
    """The number of each source in each of several periods that do not overlap. One query."""
    bounds = sorted({bound for span in spans for bound in (span.start, span.end)})
    facts, parameters = _facts(metric, Period(bounds[0], bounds[-1]), Filters())
    place = "width_bucket(fact.at, %(bounds)s)"
    with connection.cursor() as cursor:
        key = f"{place}, fact.source_id"
        cursor.execute(f"{_select(metric, key)} {facts} GROUP BY {key}", parameters | {"bounds": bounds})
        rows = cursor.fetchall()
    at = {bounds.index(span.start) + 1: span for span in spans}
    found: dict[Period, dict[UUID, Measure]] = {span: {} for span in spans}
    for number, source_id, n, hits, value in rows:
        if number in at:
            found[at[number]][source_id] = _measure(metric, n, hits, value)
    return found


def weekly(metric: Metric, last: Week, weeks: int, filters: Filters = Filters()) -> dict[Week, Measure]:
    """The number of each of the `weeks` weeks up to and including `last`, oldest first, empty weeks included."""
    first = last.plus(1 - weeks)
    facts, parameters = _facts(metric, Period(first.start, last.end), filters)
    parameters["zone"] = str(last.zone)
    monday = "date_trunc('week', fact.at AT TIME ZONE %(zone)s)::date"
    with connection.cursor() as cursor:
        cursor.execute(f"{_select(metric, monday)} {facts} GROUP BY 1", parameters)
        found = _measures(metric, cursor.fetchall())
    all_weeks = [first.plus(offset) for offset in range(weeks)]
    return {week: found.get(week.monday) or _measure(metric, 0, 0, None) for week in all_weeks}


def drill_ids(metric: Metric, period: Period, filters: Filters = Filters(), part: str = "all") -> list[UUID]:
    """The leads behind a number, newest first, one entry a row that counted.

    `part` "hits" gives those above zero (of a share: the numerator), "misses" the others, "all" everything it rests on.
    """
    facts, parameters = _facts(metric, period, filters)
    facts += _PARTS.get(part, _PARTS["all"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT fact.lead_id {facts} ORDER BY fact.at DESC, fact.lead_id", parameters)
        return [row[0] for row in cursor.fetchall()]


def leads_behind(metric: Metric, period: Period, filters: Filters = Filters(), part: str = "all") -> QuerySet[Lead]:
    """The leads behind a number as a query that can be filtered further; each lead once. Parts as `drill_ids`."""
    facts, parameters = _facts(metric, period, filters)
    return Lead.objects.filter(
        pk__in=as_subquery(f"SELECT fact.lead_id {facts}" + _PARTS.get(part, _PARTS["all"]), parameters)
    )


def drill_count(metric: Metric, period: Period, filters: Filters = Filters(), part: str = "all") -> tuple[int, int]:
    """(rows behind a number, leads they are about); a lead that was answered twice has two rows. One query."""
    facts, parameters = _facts(metric, period, filters)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(DISTINCT fact.lead_id) {facts}" + _PARTS.get(part, _PARTS["all"]), parameters
        )
        rows, leads = cursor.fetchone()
    return rows, leads


def as_subquery(sql: str, parameters: Mapping[str, Any]) -> RawSQL:
    """A query of this package as the ORM takes it: in brackets, parameters by position instead of by name."""
    return RawSQL(_NAMED.sub("%s", sql), [parameters[name] for name in _NAMED.findall(sql)])


_PARTS = {
    "all": " AND fact.lead_id IS NOT NULL",
    "hits": " AND fact.value > 0 AND fact.lead_id IS NOT NULL",
    "misses": " AND fact.value <= 0 AND fact.lead_id IS NOT NULL",
}
"""Rows that are no leads (money) count in a number and cannot be opened."""


def is_mature(metric: Metric, period: Period, now: datetime) -> bool:
    """Whether the youngest lead of the period has had the time it needs to become what is counted."""
    return now - period.end >= metric.matures_after
