"""The volume marketing promises: accepted tier-1 leads of the month so far, against an even pace in business time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from feedback.metrics import Period, Week
from feedback.metrics.cells import Question, answers
from feedback.metrics.periods import runs
from feedback.models import FactKind
from feedback.performance import Month
from leads.models import Lead
from sla.business_time import BusinessHours, elapsed
from sla.models import HandOff, HandOffState


@dataclass(frozen=True, slots=True)
class Volume:
    """How many there are, how much of the month's business time has passed (0 to 1), the span, and weekly numbers."""

    total: int
    passed: float
    span: Period
    by_week: list[int]


def volume_of(week: Week, weeks: int, now: datetime, hours: BusinessHours | None) -> Volume:
    """The month of `month_until`, and the numbers of so many weeks. One query, two more if any of them changed."""
    span = month_until(week, now)
    month, until = Month.of(span.start, week.zone), span.end
    whole = elapsed(month.start, month.end, hours) if hours else month.end - month.start
    so_far = elapsed(month.start, until, hours) if hours else until - month.start
    shown = week.plus(1 - weeks).until(week)
    kept_as = Period(
        span.start, week.end
    )  # nothing is answered in the future, and a span that ends now is never met again
    by_week, total = answers(
        [
            Question("accepted by week", FactKind.ANSWERS, {one: one.period for one in shown}, _by_week),
            Question("accepted", FactKind.ANSWERS, {"": kept_as}, lambda keys: {"": accepted_in(kept_as).count()}),
        ]
    )
    return Volume(
        total=total[""],
        passed=so_far / whole if whole else 0.0,
        span=span,
        by_week=[by_week[one] for one in shown],
    )


def _by_week(weeks: list[Week]) -> dict[Week, int]:
    found = dict.fromkeys(weeks, 0)
    for first, last in runs(weeks):
        with connection.cursor() as cursor:
            cursor.execute(_BY_WEEK, [str(last.zone), first.start, last.end])
            found |= {Week(monday, last.zone): n for monday, n in cursor.fetchall()}
    return found


def month_until(week: Week, now: datetime) -> Period:
    """The month in which `week` ends, or `now` if the week runs, from its first day until then."""
    until = min(now, week.end)
    return Period(Month.of(until - timedelta(microseconds=1), week.zone).start, until)


def accepted_in(span: Period) -> QuerySet[HandOff]:
    """The accepted tier-1 hand-offs that count towards the volume."""
    return HandOff.objects.filter(
        state=HandOffState.ACCEPTED,
        tier=1,
        answered_at__gte=span.start,
        answered_at__lt=span.end,
        lead__in=Lead.objects.live(),
    )


_BY_WEEK = """
SELECT date_trunc('week', handoff.answered_at AT TIME ZONE %s)::date, count(*)
FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE handoff.state = 'accepted' AND handoff.tier = 1 AND handoff.answered_at >= %s AND handoff.answered_at < %s
AND NOT lead.is_history AND lead.withdrawn_at IS NULL
GROUP BY 1
"""
