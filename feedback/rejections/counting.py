"""Counts answers that stand by week, and remembers the counts of weeks in which nothing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncWeek

from feedback.metrics import Period, Week, organisation_zone
from feedback.metrics.cells import Question, answers
from feedback.metrics.periods import runs
from feedback.models import Disposition, FactKind


def standing_answers(*kinds: str) -> QuerySet[Disposition]:
    """Answers of these kinds to leads of the running business that nobody took back."""
    return Disposition.objects.standing().filter(
        kind__in=kinds, is_history=False, lead__is_history=False, lead__withdrawn_at__isnull=True
    )


Counts = Mapping[tuple[Any, ...], int]
"""{values of the columns: how many rows have them}."""


def counted_by(
    name: str, rows: QuerySet[Disposition], columns: Sequence[str], period: Period
) -> dict[datetime, Counts]:
    """How many of `rows` were decided in the period, by the values of `columns`, for the start of each span in it.

    `name` tells these rows and columns from any others. They rest on nothing but facts of dispositions. One query, and
    one more for each stretch of weeks that changed; a period that is not made of weeks is one span.
    """
    spans = {span: span for span in _weeks_in(period)}
    question = Question(name, FactKind.DISPOSITIONS, spans, lambda missing: _counted(rows, columns, missing))
    (told,) = answers([question])
    return {span.start: counts for span, counts in told.items()}


def counted_anew(rows: QuerySet[Disposition], columns: Sequence[str], period: Period) -> dict[datetime, Counts]:
    """The same for what rests on other things, too: always from the rows."""
    return {period.start: _counted(rows, columns, [period])[period]}


def _weeks_in(period: Period) -> list[Period]:
    zone = organisation_zone()
    first, after = Week.of(period.start, zone), Week.of(period.end, zone)
    if (first.start, after.start) != (period.start, period.end):
        return [period]
    return [week.period for week in first.until(after.plus(-1))]


def _counted(rows: QuerySet[Disposition], columns: Sequence[str], spans: Sequence[Period]) -> Mapping[Period, Counts]:
    if len(spans) == 1:
        inside = rows.filter(decided_at__gte=spans[0].start, decided_at__lt=spans[0].end)
        return {spans[0]: {tuple(row[:-1]): row[-1] for row in _grouped(inside, columns)}}
    zone = organisation_zone()
    found: dict[Period, dict[tuple[Any, ...], int]] = {span: {} for span in spans}
    for first, last in runs(Week.of(span.start, zone) for span in spans):
        inside = rows.filter(decided_at__gte=first.start, decided_at__lt=last.end)
        by_week = inside.annotate(in_week=TruncWeek("decided_at", tzinfo=zone))
        for in_week, *values, n in _grouped(by_week, ("in_week", *columns)):
            week = Week.of(in_week, zone).period
            if week in found:
                found[week][tuple(values)] = n
    return found


def _grouped(rows: QuerySet[Any], columns: Sequence[str]) -> QuerySet[Any, Any]:
    return rows.order_by().values_list(*columns).annotate(n=Count("pk"))
