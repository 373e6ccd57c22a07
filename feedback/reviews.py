"""Builds, freezes and closes the weekly revenue review, and keeps its decisions honest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, QuerySet

from feedback.metrics import METRICS, Measure, Metric, Period, Unit, Week, measure, measure_by, metric, weekly
from feedback.metrics.measuring import is_mature
from feedback.models import Disposition, Outcome, Review, ReviewDecision
from feedback.statistics import change, mean
from leads.models import Source
from revops.foundation.ids import encode
from revops.foundation.models import User
from revops.foundation.pages.charts.xmr import xmr
from scoring.models import Rulebook
from sla.queries import clause_board

WEEKS_SHOWN = 13

SECTIONS: list[tuple[str, str, list[str]]] = [
    ("outcomes", "Outcomes", ["pipeline_created", "revenue_won", "lead_to_opportunity", "lead_to_revenue", "win_rate"]),
    ("quality", "Conversion quality", ["acceptance_rate", "accepted_leads", "connect_to_meeting",
                                       "meeting_to_opportunity"]),
    ("early", "Early indicators", ["response_quality", "contact_rate", "speed_to_lead", "rejections",
                                   "opportunity_velocity", "wasted_hours"]),
]  # fmt: skip
"""The metrics of the agenda, in its fixed order."""


class ReviewNotClosableError(Exception):
    """The review cannot be closed yet; the message says what is missing."""


def organisation_zone() -> ZoneInfo:
    """The zone in which the organisation counts its weeks."""
    return ZoneInfo(settings.ORGANISATION_TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Line:
    """One metric in one week: the number, the weeks before it, and whether the change is real."""

    metric: Metric
    series: dict[Week, Measure]
    is_mature: bool

    @property
    def now(self) -> Measure:
        return list(self.series.values())[-1]

    @property
    def verdict(self) -> str:
        """ "signal up", "signal down", "routine" or "too few", against the weeks before (XmR)."""
        values = [entry.value for entry in self.series.values()]
        known = [value for value in values if value is not None]
        if values[-1] is None or self.now.too_few:
            return "too few"
        return xmr(known, floor=0, ceiling=1 if self.metric.unit is Unit.SHARE else None).verdict

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the snapshot, the page, JSON and CSV."""
        measures = list(self.series.values())
        before = measures[-2].value if len(measures) > 1 else None
        interval = self.now.interval
        return {
            "key": self.metric.key,
            "name": str(self.metric.name),
            "definition": str(self.metric.definition),
            "unit": self.metric.unit.value,
            "higher_is_better": self.metric.higher_is_better,
            "value": self.now.value,
            "n": self.now.n,
            "hits": self.now.hits,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "too_few": self.now.too_few,
            "is_mature": self.is_mature,
            "change": change(self.now.value, before),
            "change_to_4_weeks": change(self.now.value, mean([entry.value for entry in measures[-5:-1]])),
            "verdict": self.verdict,
            "series": [{"week": week.name, "value": entry.value, "n": entry.n} for week, entry in self.series.items()],
        }


def build_review(week: Week, *, now: datetime) -> dict[str, Any]:
    """The whole review of one week as plain data. A constant number of queries: one a metric, and ten more."""
    period = week.period
    return {
        "week": week.name,
        "from": week.monday.isoformat(),
        "to": week.sunday.isoformat(),
        "built_at": now.isoformat(),
        "sections": [
            {"key": key, "title": title, "lines": [_line(metric(name), week, now).as_dict() for name in names]}
            for key, title, names in SECTIONS
        ],
        "sources": _sources(period),
        "reasons": top_reasons(period),
        "sla": _board(period, now),
        "rulebooks": _published(period),
        "side_by_side": _side_by_side(period),
    }


def _line(entry: Metric, week: Week, now: datetime) -> Line:
    return Line(entry, weekly(entry, week, WEEKS_SHOWN), is_mature(entry, week.period, now))


def _sources(period: Period) -> list[dict[str, Any]]:
    """Acceptance and lead to opportunity of each source, worst acceptance first."""
    accepted, became = (
        measure_by(METRICS["acceptance_rate"], period),
        measure_by(METRICS["lead_to_opportunity"], period),
    )
    names = dict(Source.objects.values_list("pk", "name"))
    keys = dict(Source.objects.values_list("pk", "key"))
    rows = [
        {
            "source": keys[pk],
            "name": names[pk],
            "answered": accepted[pk].n if pk in accepted else 0,
            "accepted": accepted[pk].hits if pk in accepted else 0,
            "acceptance": accepted[pk].value if pk in accepted else None,
            "entered": became[pk].n if pk in became else 0,
            "opportunities": became[pk].hits if pk in became else 0,
            "lead_to_opportunity": became[pk].value if pk in became else None,
        }
        for pk in accepted.keys() | became.keys()
    ]
    return sorted(rows, key=lambda row: (row["acceptance"] is None, row["acceptance"], row["name"]))


def rejections_in(period: Period) -> QuerySet[Disposition]:
    """Rejections of the running business that stand, decided in the period."""
    return Disposition.objects.filter(
        kind="rejected",
        is_history=False,
        undone_by__isnull=True,
        decided_at__gte=period.start,
        decided_at__lt=period.end,
    )


def top_reasons(period: Period, limit: int = 5) -> list[dict[str, Any]]:
    """The most frequent reasons of the period with their share. One query."""
    counted = list(
        rejections_in(period)
        .values("reason_id", "reason__label", "reason__root_cause", "reason__mended_by")
        .annotate(n=Count("id"))
        .order_by("-n", "reason_id")
    )
    total = sum(row["n"] for row in counted)
    return [
        {
            "reason": row["reason_id"],
            "label": row["reason__label"],
            "root_cause": row["reason__root_cause"],
            "mended_by": row["reason__mended_by"],
            "n": row["n"],
            "share": row["n"] / total,
        }
        for row in counted[:limit]
    ]


def _board(period: Period, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "code": row.clause.code,
            "side": row.clause.side,
            "text": row.clause.text,
            "kept": row.kept,
            "late": row.late,
            "pending": row.pending,
        }
        for row in clause_board(period.start, period.end, now)
    ]


def _published(period: Period) -> list[dict[str, Any]]:
    published = Rulebook.objects.filter(published_at__gte=period.start, published_at__lt=period.end)
    return [
        {"version": row.version, "name": row.name, "summary": row.summary, "published_at": row.published_at.isoformat()}
        for row in published.order_by("version")
        if row.published_at
    ]


def _side_by_side(period: Period) -> list[dict[str, Any]]:
    """Three leads to talk about: the latest won, lost and rejected ones of the period."""
    chosen: list[dict[str, Any]] = []
    for kind in ("won", "lost"):
        row = (
            Outcome.objects.filter(kind=kind, occurred_at__gte=period.start, occurred_at__lt=period.end)
            .filter(is_history=False)
            .select_related("lead__source", "lead__account")
            .order_by("-occurred_at")
            .first()
        )
        if row is not None:
            chosen.append(_told(kind, row.lead, row.reason, row.occurred_at))
    rejection = (
        rejections_in(period).select_related("lead__source", "lead__account", "reason").order_by("-decided_at").first()
    )
    if rejection is not None and rejection.reason is not None:
        words = f"{rejection.reason.label}: {rejection.evidence}"
        chosen.append(_told("rejected", rejection.lead, words, rejection.decided_at))
    return chosen


def _told(kind: str, lead: Any, words: str, at: datetime | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "lead": encode("lead", lead.pk),
        "company": lead.account.name if lead.account else "",
        "source": lead.source.name,
        "received_at": lead.received_at.isoformat(),
        "at": at.isoformat() if at else None,
        "words": words,
    }


def review_of(week: Week, *, now: datetime) -> tuple[dict[str, Any], Review | None]:
    """The frozen review of a past week, or the live one; the row is None while it is not frozen."""
    frozen = Review.objects.filter(week_on=week.monday).first()
    return (frozen.snapshot, frozen) if frozen else (build_review(week, now=now), None)


def freeze_review(week: Week, *, now: datetime) -> Review:
    """Writes the snapshot of a week that is over; the second call changes nothing. Raises ValueError if it is not."""
    if now < week.end:
        raise ValueError(f"Week {week.name} is not over yet.")
    existing = Review.objects.filter(week_on=week.monday).first()
    if existing:
        return existing
    snapshot = build_review(week, now=now)
    text = json.dumps(snapshot, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    review, _ = Review.objects.get_or_create(
        week_on=week.monday,
        defaults={"snapshot": json.loads(text), "snapshot_hash": digest, "frozen_at": now},
    )
    return review


def record_decision(
    week: Week, *, text: str, owner: User, due_on: date, metric_key: str, direction: str, author: User, now: datetime
) -> ReviewDecision:
    """Records a decision with the value its metric has in that week, so that the next review can tell if it moved."""
    entry = metric(metric_key)
    baseline = measure(entry, week.period).value
    return ReviewDecision.objects.create(
        week_on=week.monday,
        text=text.strip(),
        owner=owner,
        due_on=due_on,
        metric=metric_key,
        direction=direction,
        baseline=baseline,
        created_by=author,
        created_at=now,
    )


def answer_decision(decision_id: UUID, *, answer: str, note: str, user: User, now: datetime) -> bool:
    """Answers an open decision; False if somebody answered it before."""
    return (
        ReviewDecision.objects.filter(pk=decision_id, answer="").update(
            answer=answer, answer_note=note.strip()[:300], answered_at=now, answered_by=user
        )
        == 1
    )


def decisions_to_answer(week: Week) -> QuerySet[ReviewDecision]:
    """Decisions of earlier weeks that the review of `week` has to look at: open ones, and those answered in it."""
    return (
        ReviewDecision.objects.filter(week_on__lt=week.monday)
        .exclude(answered_at__lt=week.start)
        .select_related("owner", "answered_by")
    )


def effect_of(decision: ReviewDecision, week: Week) -> tuple[float | None, bool | None]:
    """The decision's metric in `week`, and whether it moved as expected (None if either week says nothing)."""
    value = measure(metric(decision.metric), week.period).value
    if value is None or decision.baseline is None:
        return value, None
    return value, value > decision.baseline if decision.direction == "up" else value < decision.baseline


def close_review(week: Week, *, user: User, now: datetime) -> Review:
    """Closes the review of a past week. Raises ReviewNotClosableError while a decision due by then is unanswered."""
    open_ones = ReviewDecision.objects.filter(week_on__lt=week.monday, due_on__lte=week.sunday, answer="").count()
    if open_ones:
        raise ReviewNotClosableError(
            f"Answer the {open_ones} decisions of earlier weeks first."
            if open_ones > 1
            else "Answer the decision of an earlier week first."
        )
    review = freeze_review(week, now=now)
    Review.objects.filter(pk=review.pk, closed_at__isnull=True).update(closed_at=now, closed_by=user)
    review.refresh_from_db()
    return review
