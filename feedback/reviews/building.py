"""Builds the weekly revenue review as plain data, from the metrics and what else the agenda asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet

from feedback.contests import counts_by_side
from feedback.metrics import METRICS, Measure, Period, Week, by_source_of, metric
from feedback.models import Contest, Disposition, Outcome
from feedback.promises import promise_board
from feedback.reviews.lines import Line, lines_of
from leads.models import Source
from revops.foundation.ids import encode
from revops.foundation.kept_queries import KeptQuery, blank
from revops.foundation.statistics import wilson_interval
from scoring.models import Rulebook, TierOverride

CONTESTS_SHOWN = 10
OVERRIDES_SHOWN = 10
SECTIONS: list[tuple[str, str, list[str]]] = [
    ("outcomes", "Outcomes", ["pipeline_created", "revenue_won", "lead_to_opportunity", "lead_to_revenue", "win_rate"]),
    ("quality", "Conversion quality", ["acceptance_rate", "accepted_leads", "connect_to_meeting",
                                       "meeting_to_opportunity"]),
    ("early", "Early indicators", ["response_quality", "contact_rate", "speed_to_lead", "speed_to_lead_system",
                                   "speed_to_lead_person", "rejection_rate", "rejections", "opportunity_velocity",
                                   "wasted_hours"]),
]  # fmt: skip
"""The metrics of the agenda, in its fixed order."""


def build_review(week: Week, *, now: datetime) -> dict[str, Any]:
    """The whole review of one week as plain data. About twenty queries, and one a metric of which
    a week changed since it was last asked for."""
    period = week.period
    lines = lines_of([metric(name) for _, _, names in SECTIONS for name in names], week, now)
    return {
        "week": week.name,
        "from": week.monday.isoformat(),
        "to": week.sunday.isoformat(),
        "built_at": now.isoformat(),
        "currency": settings.REPORTING_CURRENCY,
        "sections": [
            {"key": key, "title": title, "lines": [lines[name].as_dict() for name in names]}
            for key, title, names in SECTIONS
        ],
        "sources": _sources(period),
        "reasons": top_reasons(period),
        "sla": [promise.as_dict() for promise in promise_board(week, now)],
        "contests": _contests(period, now),
        "rulebooks": _published(week, lines["acceptance_rate"]),
        "overrides": _overrides(period, now),
        "side_by_side": _side_by_side(period),
    }


def _contests(period: Period, now: datetime) -> dict[str, Any]:
    """What both sides contested in the period and what became of it, and the verdicts that are due. Two queries."""
    counts = counts_by_side(min(now, period.end), period.start, period.end)
    return {
        "sides": [
            {"side": side, "opened": one.opened, "upheld": one.upheld, "dismissed": one.dismissed, "open": one.pending}
            for side, one in counts.items()
        ],
        "due": [
            {"contest": row.public_id, "about": row.about, "side": row.side, "due_at": row.due_at.isoformat(),
             "judge": row.judge.name}
            for row in _DUE.fetch(end=period.end)
        ],
    }  # fmt: skip


_DUE = KeptQuery(
    Contest.objects.filter(verdict__isnull=True, contested_at__lt=blank("end"), lead__withdrawn_at__isnull=True)
    .select_related("judge")
    .order_by("due_at", "pk")[:CONTESTS_SHOWN]
)
_SOURCES = KeptQuery(Source.objects.order_by().values_list("pk", "key", "name"))


def _sources(period: Period) -> list[dict[str, Any]]:
    """Acceptance and lead to opportunity of each source, worst acceptance first."""
    accepted, became = by_source_of([METRICS["acceptance_rate"], METRICS["lead_to_opportunity"]], [period])
    named = {pk: (key, name) for pk, key, name in _SOURCES.fetch()}
    rows = [
        {
            "source": named[pk][0],
            "name": named[pk][1],
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
    """Rejections of the running business that stand, decided in the period: the rows of the metric "rejections"."""
    return _rejections(period.start, period.end)


def _rejections(start: Any, end: Any) -> QuerySet[Disposition]:
    return Disposition.objects.standing().filter(
        kind="rejected",
        is_history=False,
        lead__is_history=False,
        lead__withdrawn_at__isnull=True,
        decided_at__gte=start,
        decided_at__lt=end,
    )


def top_reasons(period: Period, limit: int = 5) -> list[dict[str, Any]]:
    """The most frequent reasons of the period with their share. One query."""
    counted = _REASONS.fetch(start=period.start, end=period.end)
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


_REASONS = KeptQuery(
    _rejections(blank("start"), blank("end"))
    .values("reason_id", "reason__label", "reason__root_cause", "reason__mended_by")
    .annotate(n=Count("id"))
    .order_by("-n", "reason_id")
)


def _overrides(period: Period, now: datetime) -> dict[str, Any]:
    """Exceptions from derived tiers: granted in the period, and in force at its end. Two queries."""
    until = min(now, period.end)
    granted = _GRANTED.fetch(start=period.start, end=period.end)
    return {
        "granted": len(granted),
        "in_force": _LASTING.count(until=until),
        "rows": [
            {
                "lead": encode("lead", row.lead_id), "company": row.lead.account.name if row.lead.account else "",
                "tier": row.tier, "derived_tier": row.lead.score.tier if hasattr(row.lead, "score") else None,
                "reason": row.reason, "author": row.author.name, "expires_at": row.expires_at.isoformat(),
            }
            for row in granted[:OVERRIDES_SHOWN]
        ],
    }  # fmt: skip


_COUNTED = TierOverride.objects.filter(lead__withdrawn_at__isnull=True)
_GRANTED = KeptQuery(
    _COUNTED.filter(created_at__gte=blank("start"), created_at__lt=blank("end"))
    .select_related("author", "lead__account", "lead__score")
    .order_by("created_at", "pk")
)
_LASTING = KeptQuery(
    _COUNTED.filter(created_at__lte=blank("until"), expires_at__gt=blank("until"))
    .exclude(ended_at__lte=blank("until"))
    .order_by()
    .values_list("pk", flat=True)
)

EFFECT_WEEKS = 4
EFFECT_SHOWN_WEEKS = 9
"""A publication stays on the agenda until its effect has had four full weeks, and four more to be talked about."""


def _published(week: Week, acceptance: Line) -> list[dict[str, Any]]:
    """Rulebooks published lately, newest first, each with acceptance in full weeks before and after. One query."""
    since = week.plus(1 - EFFECT_SHOWN_WEEKS).start
    return [
        {
            "version": row.version,
            "name": row.name,
            "summary": row.summary,
            "published_at": row.published_at.isoformat(),
            "week": Week.of(row.published_at, week.zone).name,
            **_effect(Week.of(row.published_at, week.zone), acceptance),
        }
        for row in _PUBLISHED.fetch(start=since, end=week.end)
        if row.published_at
    ]


_PUBLISHED = KeptQuery(
    Rulebook.objects.filter(published_at__gte=blank("start"), published_at__lt=blank("end"))
    .defer("definition")
    .order_by("-version")
)


def _effect(published: Week, acceptance: Line) -> dict[str, Any]:
    """Acceptance in the four weeks before the week of publication and in up to four full ones after it."""
    ripe = {week: entry for week, entry in acceptance.series.items() if week.monday <= acceptance.judged.monday}
    before = [entry for week, entry in ripe.items() if published.plus(-EFFECT_WEEKS).monday <= week.monday
              and week.monday < published.monday]  # fmt: skip
    after = [entry for week, entry in ripe.items() if week.monday > published.monday][:EFFECT_WEEKS]
    return {"before": _share(before), "after": _share(after)}


def _share(weeks: list[Measure]) -> dict[str, Any]:
    hits, n = sum(entry.hits for entry in weeks), sum(entry.n for entry in weeks)
    interval = wilson_interval(hits, n)
    return {
        "weeks": len(weeks),
        "hits": hits,
        "n": n,
        "value": hits / n if n else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }


def _side_by_side(period: Period) -> list[dict[str, Any]]:
    """Three leads to talk about: the latest won, lost and rejected ones of the period."""
    chosen: list[dict[str, Any]] = []
    for kind in ("won", "lost"):
        row = _ENDED.first(kind=kind, start=period.start, end=period.end)
        if row is not None:
            chosen.append(_told(kind, row.lead, row.reason, row.occurred_at))
    rejection = _REJECTED.first(start=period.start, end=period.end)
    if rejection is not None and rejection.reason is not None:
        words = f"{rejection.reason.label}: {rejection.evidence}"
        chosen.append(_told("rejected", rejection.lead, words, rejection.decided_at))
    return chosen


_ENDED = KeptQuery(
    Outcome.objects.filter(kind=blank("kind"), occurred_at__gte=blank("start"), occurred_at__lt=blank("end"))
    .filter(is_history=False)
    .select_related("lead__source", "lead__account")
    .order_by("-occurred_at")[:1]
)
_REJECTED = KeptQuery(
    _rejections(blank("start"), blank("end"))
    .select_related("lead__source", "lead__account", "reason")
    .order_by("-decided_at")[:1]
)


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
