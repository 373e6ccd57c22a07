"""Clocks by the week in which they fall due: kept, late and pending, remembered while nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, DateTimeField, F, Min, Q, Value
from django.db.models.functions import Coalesce, TruncWeek

from feedback.metrics import Week
from feedback.metrics.cells import Question, answers
from feedback.metrics.periods import runs
from feedback.metrics.promised import KEPT, LATE, PENDING
from feedback.models import FactKind
from sla.models import Clock


@dataclass(frozen=True, slots=True)
class Counted:
    """{clause code: {verdict: clocks}} of one week as of `at`; only time itself changes it after `until`."""

    clauses: Mapping[str, Mapping[str, int]]
    at: datetime = field(compare=False)
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.at <= now and (self.until is None or now <= self.until)


def clocks_by_week(first: Week, last: Week, now: datetime) -> dict[Week, Mapping[str, Mapping[str, int]]]:
    """{week: {clause code: {verdict: clocks}}}. The comparison is that of `clocks_behind`.

    One query, and one more for each stretch of weeks that changed since they were last asked for.
    """

    def ask(missing: list[Week]) -> dict[Week, Counted]:
        found: dict[Week, Counted] = {}
        for start, end in runs(missing):
            found |= _counted(start, end, now)
        return found

    spans = {week: week.period for week in first.until(last)}
    question = Question("clocks by clause", FactKind.CLOCKS, spans, ask, still=lambda one: one.holds(now))
    (told,) = answers([question])
    return {week: one.clauses for week, one in told.items()}


def _counted(first: Week, last: Week, now: datetime) -> dict[Week, Counted]:
    judged_at = Coalesce("paused_at", "met_at", "cancelled_at", Value(now, output_field=DateTimeField()))
    runs_on = Q(paused_at__isnull=True, met_at__isnull=True, cancelled_at__isnull=True, due_at__gte=now)
    rows = (
        Clock.objects.counted()
        .filter(due_at__gte=first.start, due_at__lt=last.end)
        .annotate(judged_at=judged_at, in_week=TruncWeek("due_at", tzinfo=last.zone))
        .values("clause__code", "in_week")
        .order_by("clause__code", "in_week")
        .annotate(
            kept=Count("id", filter=Q(due_at__gte=F("judged_at"), met_at__isnull=False)),
            late=Count("id", filter=Q(due_at__lt=F("judged_at"))),
            pending=Count("id", filter=Q(due_at__gte=F("judged_at"), met_at__isnull=True)),
            until=Min("due_at", filter=runs_on),
        )
    )
    clauses: dict[Week, dict[str, dict[str, int]]] = {week: {} for week in first.until(last)}
    until: dict[Week, datetime] = {}
    for row in rows:
        week = Week.of(row["in_week"], last.zone)
        clauses[week][row["clause__code"]] = {KEPT: row["kept"], LATE: row["late"], PENDING: row["pending"]}
        if row["until"] is not None:
            until[week] = min(row["until"], until.get(week, row["until"]))
    return {week: Counted(found, now, until.get(week)) for week, found in clauses.items()}
