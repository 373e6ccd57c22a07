"""The parts of an explanation: reasons with what was found, axes, the evaluation stage, and what is missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from revops.foundation.ids import encode
from scoring.rules import Axis, plain_points, signed_points
from scoring.rules.stages import EvaluationStage


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a reason can be looked up: a fact of the lead, or acts of some kinds between two days.

    Days are None for acts that nobody dated. `by` says whose acts they are: “person” or “account”.
    """

    fact: str = ""
    signal_kinds: tuple[str, ...] = ()
    first_on: date | None = None
    last_on: date | None = None
    by: str = ""

    @property
    def anchor(self) -> str:
        """Where it stands on the lead's page."""
        if self.fact:
            return "#company" if self.fact.startswith("account.") else "#facts-title"
        return "#company" if self.by == "account" else "?kind=signal#timeline"

    def as_dict(self) -> dict[str, Any]:
        if self.fact:
            return {"type": "fact", "fact": self.fact}
        return {
            "type": "signals",
            "kinds": list(self.signal_kinds),
            "first_on": self.first_on.isoformat() if self.first_on else None,
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part of an axis. `evidence` says what was found, `refs` where; `note` why the points differ."""

    rule_key: str
    axis: Axis
    sentence: str
    points: int
    evidence: str
    note: str
    is_proven: bool
    refs: tuple[Evidence, ...] = ()

    @property
    def is_negative(self) -> bool:
        return self.points < 0

    @property
    def shown_points(self) -> str:
        return signed_points(self.points)

    @property
    def anchor(self) -> str:
        """Where the first piece of evidence stands on the lead's page; empty if nothing is behind it but an absence."""
        return self.refs[0].anchor if self.refs else ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule_key,
            "sentence": self.sentence,
            "points": self.points / 1000,
            "evidence": self.evidence,
            "evidence_refs": [ref.as_dict() for ref in self.refs],
            "note": self.note,
            "is_proven": self.is_proven,
        }


@dataclass(frozen=True, slots=True)
class AxisExplanation:
    """`total` is exactly the sum of the points of `reasons`, strongest first; `cap` the most the axis can reach."""

    axis: Axis
    total: int
    cap: int
    reasons: tuple[Reason, ...]

    @property
    def shown_total(self) -> str:
        return plain_points(self.total)

    @property
    def shown_cap(self) -> str:
        return plain_points(self.cap)


@dataclass(frozen=True, slots=True)
class StageExplanation:
    """How far the buyer's own evaluation has come, by which rule, and what was found.

    `is_usual`: no rule says it; leads of the source usually begin there.
    """

    stage: EvaluationStage
    sentence: str
    evidence: str
    refs: tuple[Evidence, ...]
    is_usual: bool = False

    @property
    def label(self) -> str:
        return self.stage.label

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.stage.value,
            "label": self.label,
            "sentence": self.sentence,
            "evidence": self.evidence,
            "evidence_refs": [ref.as_dict() for ref in self.refs],
            "is_usual": self.is_usual,
        }


def usual_stage(readiness: str, source: str) -> StageExplanation | None:
    """Where a lead of a source begins while none of its acts says more; None for a readiness that is no stage."""
    if readiness not in set(EvaluationStage):
        return None
    names = {"source": source}
    return StageExplanation(
        stage=EvaluationStage(readiness),
        sentence=_("Leads of “%(source)s” usually begin here; no act says more yet.") % names,
        evidence=_("Usual for “%(source)s”") % names,
        refs=(),
        is_usual=True,
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a lead has its tier. `missing` lists what it lacks for tier 1; empty in tier 1.

    `decision_id` is None for a judgement of this moment that nobody stored. `stage` is None while nothing says how far
    the buyer has come.
    """

    decision_id: int | None
    lead_id: UUID
    decided_at: datetime
    as_of: datetime
    rulebook_id: UUID
    rulebook_version: int
    tier: int
    summary: str
    axes: tuple[AxisExplanation, ...]
    missing: tuple[str, ...]
    disqualified: str
    stage: StageExplanation | None = None

    def as_dict(self) -> dict[str, Any]:
        """For API, webhook and command: points as numbers with up to three decimals."""
        return {
            "lead": encode("lead", self.lead_id),
            "decision": self.decision_id,
            "decided_at": self.decided_at.isoformat(),
            "as_of": self.as_of.isoformat(),
            "rulebook": {"id": encode("rulebook", self.rulebook_id), "version": self.rulebook_version},
            "tier": self.tier,
            "summary": self.summary,
            "disqualified": self.disqualified or None,
            "missing_for_tier_1": list(self.missing),
            "evaluation_stage": self.stage.as_dict() if self.stage else None,
            "axes": {
                part.axis.value: {
                    "total": part.total / 1000,
                    "cap": part.cap / 1000,
                    "reasons": [reason.as_dict() for reason in part.reasons],
                }
                for part in self.axes
            },
        }


@dataclass(frozen=True, slots=True)
class AxisBeside:
    """One axis at two moments. `moved` are the rules whose points differ: (sentence, points then, points now)."""

    axis: Axis
    then: AxisExplanation | None
    now: AxisExplanation | None
    moved: tuple[tuple[str, int, int], ...]

    @property
    def is_changed(self) -> bool:
        return self.then is not None and self.now is not None and self.then.total != self.now.total


def side_by_side(then: Explanation | None, now: Explanation | None) -> tuple[AxisBeside, ...]:
    """Each axis then and now. A rule that one moment does not list gave nothing there."""
    earlier = {part.axis: part for part in then.axes} if then else {}
    later = {part.axis: part for part in now.axes} if now else {}
    return tuple(
        AxisBeside(axis, earlier.get(axis), later.get(axis), _moved(earlier.get(axis), later.get(axis)))
        for axis in later or earlier
    )


def _moved(then: AxisExplanation | None, now: AxisExplanation | None) -> tuple[tuple[str, int, int], ...]:
    if then is None or now is None:
        return ()
    had, has = ({reason.rule_key: reason for reason in part.reasons} for part in (then, now))
    pairs = [(key, had.get(key), has.get(key)) for key in dict.fromkeys([*has, *had])]
    return tuple(
        ((after or before).sentence, before.points if before else 0, after.points if after else 0)  # type: ignore[union-attr]
        for _key, before, after in pairs
        if (before.points if before else 0) != (after.points if after else 0)
    )
