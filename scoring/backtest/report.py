"""What a backtest says: flows, groups with what became of them, leads that flip, and cautions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from revops.foundation.statistics import Interval, is_too_few, wilson_interval


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the past is judged: days (both included, UTC), one source, one rep. Empty is all.

    Undated history belongs to a scope without days only.
    """

    first_on: date | None = None
    last_on: date | None = None
    source_id: UUID | None = None
    rep_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with its 95 % interval (Wilson)."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.hits, self.n)

    @property
    def is_too_few(self) -> bool:
        return is_too_few(self.n)

    def as_dict(self) -> dict[str, Any]:
        interval = self.interval
        return {
            "hits": self.hits, "n": self.n, "value": self.value, "too_few": self.is_too_few,
            "low": interval.low if interval else None, "high": interval.high if interval else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """What became of some cases that sales saw. Money is in the reporting currency, `other_money` counts the rest."""

    n: int = 0
    accepted: int = 0
    rejected: int = 0
    returned: int = 0
    met: int = 0
    opportunities: int = 0
    won: int = 0
    lost: int = 0
    pipeline: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)

    @property
    def acceptance(self) -> Share:
        return Share(self.accepted, self.accepted + self.rejected + self.returned)

    @property
    def meetings(self) -> Share:
        return Share(self.met, self.n)

    @property
    def opportunity_rate(self) -> Share:
        return Share(self.opportunities, self.n)

    @property
    def win_rate(self) -> Share:
        return Share(self.won, self.won + self.lost)

    def as_dict(self) -> dict[str, Any]:
        return {
            **{name: value for name, value in asdict(self).items() if name not in ("pipeline", "revenue")},
            "pipeline": str(self.pipeline), "revenue": str(self.revenue),
            "acceptance": self.acceptance.as_dict(), "meeting_rate": self.meetings.as_dict(),
            "opportunity_rate": self.opportunity_rate.as_dict(), "win_rate": self.win_rate.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """Cases by what happens to their hand-off: still made, made now, made no more."""

    kept: Group = field(default_factory=Group)
    newly_in: Group = field(default_factory=Group)
    newly_out: Group = field(default_factory=Group)

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name).as_dict() for name in ("kept", "newly_in", "newly_out")}


@dataclass(frozen=True, slots=True)
class TierFlow:
    """Leads of one tier before and after; a week's share of them if the scope has dated leads."""

    tier: int
    before: int
    after: int
    before_per_week: float | None
    after_per_week: float | None

    @property
    def per_week(self) -> float | None:
        """More (or fewer) a week."""
        if self.before_per_week is None or self.after_per_week is None:
            return None
        return self.after_per_week - self.before_per_week


@dataclass(frozen=True, slots=True)
class Part:
    """One source or one rep: tier-1 leads a week before and after, and its cases. `id` is empty for “nobody”."""

    id: UUID | None
    name: str
    before_per_week: float | None
    after_per_week: float | None
    changes: Changes

    @property
    def per_week(self) -> float | None:
        if self.before_per_week is None or self.after_per_week is None:
            return None
        return self.after_per_week - self.before_per_week


@dataclass(frozen=True, slots=True)
class Unobservable:
    """Leads that sales never saw: what would have become of them nobody knows, so they are only counted."""

    n: int = 0
    newly_in: int = 0
    newly_out: int = 0


@dataclass(frozen=True, slots=True)
class Flip:
    """A lead whose tier changes. `strength` is how far its order moves, in thousandths; None if a disqualifier did it.

    `label` is what became of it: "won", "lost", "opportunity", "met", "accepted", "rejected", "returned", "" (open)
    or "unseen" (never shown to sales).
    """

    case_id: int
    lead_id: UUID
    tier_before: int
    tier_after: int
    points_before: int
    points_after: int
    label: str
    reason: str
    source_id: UUID | None
    rep_id: UUID | None
    on: date | None

    @property
    def moved_by(self) -> int:
        return self.points_after - self.points_before


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the dated cases by time: the older half a rule may be fitted to, the newer one that judges it."""

    first_on: date
    last_on: date
    changes: Changes


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason to trust the numbers less. `code` is for machines, `text` for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """Two rulebooks over the same past. `cases` were looked at, of `of` in the scope; `is_exact` if that is all.

    Counts of a sample are those of the sample; what is per week is scaled to the whole.
    """

    scope: Scope
    is_exact: bool
    cases: int
    of: int
    observed: int
    undated: int
    weeks: float | None
    tiers: tuple[TierFlow, ...]
    changes: Changes
    unobservable: Unobservable
    by_source: tuple[Part, ...]
    by_rep: tuple[Part, ...]
    flipped: int
    flips: tuple[Flip, ...]
    halves: tuple[Half, ...]
    cautions: tuple[Caution, ...]
    currency: str
    took_ms: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For the API and for the record beside a proposal."""
        return {
            "scope": asdict(self.scope), "is_exact": self.is_exact, "cases": self.cases, "of": self.of,
            "observed": self.observed, "undated": self.undated, "weeks": self.weeks,
            "tiers": [{**asdict(flow), "per_week": flow.per_week} for flow in self.tiers],
            "changes": self.changes.as_dict(), "unobservable": asdict(self.unobservable),
            "by_source": _parts(self.by_source), "by_rep": _parts(self.by_rep),
            "flipped": self.flipped, "flips": [{**asdict(flip), "moved_by": flip.moved_by} for flip in self.flips],
            "halves": [
                {"first_on": half.first_on, "last_on": half.last_on, **half.changes.as_dict()} for half in self.halves
            ],
            "cautions": [asdict(caution) for caution in self.cautions],
            "currency": self.currency,
        }  # fmt: skip


def _parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [
        {
            "id": part.id, "name": part.name, "before_per_week": part.before_per_week,
            "after_per_week": part.after_per_week, "per_week": part.per_week, **part.changes.as_dict(),
        }
        for part in parts
    ]  # fmt: skip
