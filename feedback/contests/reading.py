"""Reads of contests: whose, how many for both sides, and how often each rule, clause or reason was upheld."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from feedback.models import Contest, Disposition
from leads.models import Lead, SubmissionOutcome
from revops.foundation.kept_queries import KeptQuery, blank
from revops.foundation.models import User
from revops.foundation.policy import visibility
from scoring.models import ScoreDecision
from sla.models import Assignment

_WITH = ("lead__person", "lead__account", "contested_by", "judge", "verdict", "verdict__judge")
CONTESTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """Contests of one side, or about one key."""

    side: str
    about: str
    key: str
    opened: int
    upheld: int
    dismissed: int
    late: int

    @property
    def decided(self) -> int:
        return self.upheld + self.dismissed

    @property
    def pending(self) -> int:
        return self.opened - self.decided


def contests_for(user: User) -> QuerySet[Contest]:
    """Contests somebody may know of: all, or for reps their own, those about their work and those they judge."""
    return _known(visibility(user, "lead"), user)


def _known(level: str, user: Any) -> QuerySet[Contest]:
    contests = Contest.objects.filter(lead__withdrawn_at__isnull=True).select_related(*_WITH)
    match level:
        case "all":
            return contests
        case "none":
            return contests.none()
        case _:
            return contests.filter(Q(contested_by=user) | Q(concerns=user) | Q(judge=user))


_ABOUT = {
    level: KeptQuery(
        _known(level, blank("user")).filter(lead=blank("lead")).order_by("-contested_at", "-pk")[:CONTESTS_SHOWN]
    )
    for level in ("all", "own", "team")
}


def latest_contests(user: User, lead: Lead) -> list[Contest]:
    """The latest contests about a lead that somebody may know of. One query."""
    kept = _ABOUT.get(visibility(user, "lead"))
    return kept.fetch(user=user.pk, lead=lead.pk) if kept else []


def contestable_about(lead: Lead) -> set[str]:
    """What of a lead there is to contest at all: its score and tier, its route, a match of a submission. One query."""
    ((is_scored, was_routed, has_match),) = _CONTESTABLE.fetch(lead=lead.pk)
    kinds = {"score": is_scored, "tier": is_scored, "route": was_routed, "duplicate": has_match}
    return {about for about, is_there in kinds.items() if is_there}


_CONTESTABLE = KeptQuery(
    Lead.objects.filter(pk=blank("lead")).values_list(
        Exists(ScoreDecision.objects.filter(lead=OuterRef("pk"))),
        Exists(Assignment.objects.filter(handoff__lead=OuterRef("pk"), user__isnull=False)),
        Exists(SubmissionOutcome.objects.filter(lead=OuterRef("pk"), kind="attached")),
    )
)


def contested_rejections(rows: Iterable[Disposition], side: str) -> dict[UUID, Contest]:
    """The contest of a side about each of these rejections that has one. One query."""
    ids = {str(row.pk) for row in rows}
    found = Contest.objects.filter(about="rejection", side=side, subject_id__in=ids).select_related("verdict")
    return {UUID(contest.subject_id): contest for contest in found}


def open_due(user: User) -> QuerySet[Contest]:
    """What this person has to decide, the next deadline first."""
    return Contest.objects.filter(judge=user, verdict__isnull=True).select_related(*_WITH).order_by("due_at", "pk")


def counts_by_side(now: datetime, start: datetime | None = None, end: datetime | None = None) -> dict[str, Counts]:
    """How many each side opened, and what became of them. One query."""
    rows = _BY_SIDE.fetch(start=start or _EVER, end=end or _NEVER, now=now)
    found = {row["side"]: _counts(row) for row in rows}
    return {side: found.get(side, Counts(side, "", "", 0, 0, 0, 0)) for side in ("sales", "marketing")}


def tallies_by_key(now: datetime, start: datetime | None = None, end: datetime | None = None) -> list[Counts]:
    """How often each rule, clause or reason was contested and upheld, the most upheld first. One query."""
    rows = _counted(_within(start, end).values("about", "key"), now).order_by("-upheld", "-opened", "about", "key")
    return [_counts(row) for row in rows]


def _within(start: Any, end: Any) -> QuerySet[Contest]:
    contests = Contest.objects.filter(lead__withdrawn_at__isnull=True).order_by()
    if start is not None:
        contests = contests.filter(contested_at__gte=start)
    return contests.filter(contested_at__lt=end) if end is not None else contests


def _counted(grouped: QuerySet[Contest, Any], now: Any) -> QuerySet[Any, dict[str, Any]]:
    return grouped.annotate(
        opened=Count("pk"),
        upheld=Count("pk", filter=Q(verdict__is_upheld=True)),
        dismissed=Count("pk", filter=Q(verdict__is_upheld=False)),
        late=Count("pk", filter=Q(verdict__isnull=True, due_at__lt=now)),
    )


def _counts(row: dict[str, object]) -> Counts:
    return Counts(
        str(row.get("side", "")), str(row.get("about", "")), str(row.get("key", "")), int(str(row["opened"])),
        int(str(row["upheld"])), int(str(row["dismissed"])), int(str(row["late"])),
    )  # fmt: skip


_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_BY_SIDE = KeptQuery(_counted(_within(blank("start"), blank("end")).values("side"), blank("now")).order_by("side"))
