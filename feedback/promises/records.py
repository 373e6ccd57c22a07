"""Count clauses that records of their own show as kept: findings answered, huddles attended, performance shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from feedback.metrics import Week
from feedback.metrics.promised import Item, verdict_of
from feedback.models import Finding, HuddleAttendance, PerformanceReport, Review
from feedback.performance import Month, due_of
from revops.foundation.kept_queries import KeptQuery, blank, fetch_kept
from revops.foundation.models import Role
from sla.business_time import BusinessHours

_MARKETING = (Role.MARKETER, Role.MARKETING_MANAGER)


def recorded_promises(
    targets: Mapping[str, Decimal | None],
    first: Week,
    last: Week,
    since: datetime,
    now: datetime,
    hours: BusinessHours | None,
) -> dict[str, list[Item]]:
    """{code: promises that fall due from week `first` to `last`}, none from before `since`, when this was agreed.

    `hours` are those of the agreement. At most four queries.
    """
    found = {}
    for code, read in RECORDED.items():
        if code in targets:
            found[code] = [item for item in read(targets[code], first, last, now, hours) if item.due_at > since]
    return found


def _findings(
    target: Decimal | None, first: Week, last: Week, now: datetime, hours: BusinessHours | None
) -> list[Item]:
    return [
        Item(
            "rejection_answered",
            row.due_at,
            row.answered_at,
            verdict_of(row.due_at, row.answered_at, now),
            user_id=row.answered_by_id,
            about=("finding", row.public_id),
        )
        for row in _FINDINGS.fetch(start=first.start, end=last.end)
    ]


def _huddles(target: Decimal | None, first: Week, last: Week, now: datetime, hours: BusinessHours | None) -> list[Item]:
    """In every week the review of the week before is held and closed, and somebody of marketing is there."""
    mondays = {"first": first.plus(-1).monday, "last": last.plus(-1).monday}
    reviews, attendances = fetch_kept((_REVIEWS, mondays), (_ATTENDANCES, mondays))
    closed: dict[date, tuple[datetime | None, str | None]] = {
        week_on: (closed_at, role) for week_on, closed_at, role in reviews
    }
    attended = set(attendances)
    items, week = [], first
    while week.monday <= last.monday:
        reviewed = week.plus(-1)
        closed_at, role = closed.get(reviewed.monday, (None, None))
        done_at = closed_at if reviewed.monday in attended or role in _MARKETING else None
        due_at = week.end - timedelta(microseconds=1)
        verdict = verdict_of(due_at, done_at, now)
        items.append(Item("huddle", due_at, done_at, verdict, about=("review", reviewed.name)))
        week = week.plus(1)
    return items


def _reports(target: Decimal | None, first: Week, last: Week, now: datetime, hours: BusinessHours | None) -> list[Item]:
    if hours is None:
        return []
    months = list(Month.of(first.start, first.zone).plus(-1).until(Month.of(last.end, last.zone)))
    shared = {
        month_on: (shared_at, by)
        for month_on, shared_at, by in _REPORTS.fetch(first=months[0].first, last=months[-1].first)
    }
    items = []
    for month in months:
        due_at = due_of(month, hours)
        done_at, by = shared.get(month.first, (None, None))
        if first.start <= due_at < last.end:
            verdict = verdict_of(due_at, done_at, now)
            items.append(Item("performance", due_at, done_at, verdict, user_id=by, about=("performance", month.name)))
    return items


_FINDINGS = KeptQuery(
    Finding.objects.filter(due_at__gte=blank("start"), due_at__lt=blank("end")).order_by("due_at", "id")
)
_REVIEWS = KeptQuery(
    Review.objects.filter(week_on__range=(blank("first"), blank("last")))
    .order_by()
    .values_list("week_on", "closed_at", "closed_by__role")
)
_ATTENDANCES = KeptQuery(
    HuddleAttendance.objects.filter(week_on__range=(blank("first"), blank("last")), user__role__in=_MARKETING)
    .order_by()
    .values_list("week_on", flat=True)
)
_REPORTS = KeptQuery(
    PerformanceReport.objects.filter(month_on__range=(blank("first"), blank("last")))
    .order_by()
    .values_list("month_on", "shared_at", "shared_by_id")
)

RECORDED: dict[str, Callable[[Decimal | None, Week, Week, datetime, BusinessHours | None], list[Item]]] = {
    "rejection_answered": _findings,
    "huddle": _huddles,
    "performance": _reports,
}
