"""Explains a score as the sum of its reasons, each with what was found; reading it never changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from revops.foundation.ids import encode
from scoring.engine import CompiledRulebook, Evaluation, evaluate, frame_of, read_inputs
from scoring.engine.compiled import required_fact
from scoring.models import LeadScore, ScoreDecision, Tier
from scoring.publishing import compiled_rulebook
from scoring.rules import AXES, Axis, disqualifier_sentence, plain_points, rule_sentence, signed_points
from scoring.rules.decay import decay_table
from scoring.rules.sentences import condition_clause, count_words

LONGEST_SUMMARY = 35


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part of an axis. `evidence` says what was found; `note` why the points differ from the rule's."""

    rule_key: str
    axis: Axis
    sentence: str
    points: int
    evidence: str
    note: str
    is_proven: bool

    @property
    def is_negative(self) -> bool:
        return self.points < 0

    @property
    def shown_points(self) -> str:
        return signed_points(self.points)


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
class Explanation:
    """Why a lead has its tier. `missing` lists what it lacks for tier 1; empty in tier 1."""

    decision_id: int
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
            "axes": {
                part.axis.value: {
                    "total": part.total / 1000,
                    "cap": part.cap / 1000,
                    "reasons": [
                        {
                            "rule": reason.rule_key,
                            "sentence": reason.sentence,
                            "points": reason.points / 1000,
                            "evidence": reason.evidence,
                            "note": reason.note,
                            "is_proven": reason.is_proven,
                        }
                        for reason in part.reasons
                    ],
                }
                for part in self.axes
            },
        }


def explain(decision: ScoreDecision) -> Explanation:
    """Why this decision was made, from the inputs and the rulebook it keeps. At most one query (the rulebook)."""
    return _explain_all([decision])[0]


def explain_lead(lead_id: UUID) -> Explanation | None:
    """Why the lead has its current score, None if it was never judged. One query."""
    score = LeadScore.objects.select_related("decision__rulebook").filter(pk=lead_id).first()
    return explain(score.decision) if score else None


def explain_many(lead_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The one-sentence summaries of current scores, for lists. Leads never judged are left out. One query."""
    scores = LeadScore.objects.filter(pk__in=list(lead_ids)).select_related("decision__rulebook")
    decisions = [score.decision for score in scores]
    return {decision.lead_id: _summary(decision, judged, lead) for decision, judged, lead in _judged(decisions)}


def evaluate_decisions(decisions: Sequence[ScoreDecision], compiled: CompiledRulebook) -> Evaluation:
    """Evaluates the stored inputs of decisions of one rulebook once more."""
    return evaluate(compiled, frame_of(read_inputs([decision.inputs for decision in decisions])))


@dataclass(frozen=True, slots=True)
class _Judged:
    """Decisions of one rulebook, evaluated again for what was found."""

    compiled: CompiledRulebook
    evaluation: Evaluation


def _judged(decisions: Sequence[ScoreDecision]) -> Iterable[tuple[ScoreDecision, _Judged, int]]:
    by_rulebook: dict[UUID, list[ScoreDecision]] = {}
    for decision in decisions:
        by_rulebook.setdefault(decision.rulebook_id, []).append(decision)
    for group in by_rulebook.values():
        book = group[0].rulebook
        compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
        judged = _Judged(compiled, evaluate_decisions(group, compiled))
        yield from ((decision, judged, index) for index, decision in enumerate(group))


def _explain_all(decisions: Sequence[ScoreDecision]) -> list[Explanation]:
    return [
        Explanation(
            decision_id=decision.pk,
            lead_id=decision.lead_id,
            decided_at=decision.decided_at,
            as_of=decision.as_of,
            rulebook_id=decision.rulebook_id,
            rulebook_version=decision.rulebook.version,
            tier=decision.tier,
            summary=_summary(decision, judged, lead),
            axes=tuple(_axis(axis, decision, judged, lead) for axis in AXES),
            missing=tuple(_missing(decision, judged, lead)),
            disqualified=_disqualified(decision, judged.compiled),
        )
        for decision, judged, lead in _judged(decisions)
    ]


def _axis(axis: Axis, decision: ScoreDecision, judged: _Judged, lead: int) -> AxisExplanation:
    reasons = [
        _reason(index, decision, judged, lead)
        for index, rule in enumerate(judged.compiled.rules)
        if rule.axis is axis and (decision.contributions[index] or judged.evaluation.before_caps[lead, index])
    ]
    reasons.sort(key=lambda reason: -abs(reason.points))
    total = {Axis.FIT: decision.fit, Axis.INTENT: decision.intent, Axis.TIMING: decision.timing}[axis]
    return AxisExplanation(axis, total, judged.compiled.definition.caps[axis], tuple(reasons))


def _reason(index: int, decision: ScoreDecision, judged: _Judged, lead: int) -> Reason:
    compiled = judged.compiled
    rule, kinds = compiled.rules[index], compiled.definition.kinds
    evidence = rule.condition.found(judged.evaluation.workspace, lead, kinds)
    return Reason(
        rule_key=rule.key,
        axis=rule.axis,
        sentence=rule_sentence(rule, kinds),
        points=decision.contributions[index],
        evidence=_capital(evidence),
        note="; ".join(_notes(index, decision, judged, lead)),
        is_proven=not compiled.unproven[index],
    )


def _notes(index: int, decision: ScoreDecision, judged: _Judged, lead: int) -> Iterable[str]:
    rule, workspace = judged.compiled.rules[index], judged.evaluation.workspace
    act = rule.fading
    if act is not None and rule.half_life_days is not None:
        table = decay_table(rule.half_life_days)
        age = int(workspace.frame.as_of[lead] - workspace.measure(act).latest[lead])
        yield _("worth %(share)d %% now") % {"share": table[min(age, len(table) - 1)] // 10}
    before = int(judged.evaluation.before_caps[lead, index])
    if before > decision.contributions[index]:
        family_cap = judged.compiled.definition.family_caps.get(rule.family)
        if family_cap is not None:
            yield _("cut from %(before)s: %(family)s can add at most %(cap)s, %(axis)s %(axis_cap)s") % {
                "before": signed_points(before),
                "family": rule.family,
                "cap": plain_points(family_cap),
                "axis": rule.axis,
                "axis_cap": plain_points(judged.compiled.definition.caps[rule.axis]),
            }
        else:
            cap = plain_points(judged.compiled.definition.caps[rule.axis])
            yield _("cut from %(before)s: %(axis)s can reach %(cap)s") % {
                "before": signed_points(before), "axis": rule.axis, "cap": cap,
            }  # fmt: skip
    if judged.compiled.unproven[index]:
        yield _("unproven, so it does not count for the tier")


def _missing(decision: ScoreDecision, judged: _Judged, lead: int) -> Iterable[str]:
    if decision.tier == Tier.ONE:
        return
    definition, evaluation = judged.compiled.definition, judged.evaluation
    if decision.disqualified_by:
        yield _disqualified(decision, judged.compiled)
    if not evaluation.hand_raised[lead]:
        acts = condition_clause(definition.hand_raise, definition.kinds)
        yield _("An explicit request: %(acts)s.") % {"acts": acts}
    for axis, least in definition.tier_1.minimum.items():
        counted = int(evaluation.counted[axis][lead])
        if counted < least:
            yield _("%(more)s more points of %(axis)s (%(has)s of %(needed)s).") % {
                "more": plain_points(least - counted),
                "axis": axis,
                "has": plain_points(counted),
                "needed": plain_points(least),
            }
    for name in definition.tier_1.required_facts:
        wanted = required_fact(name)
        if not evaluation.workspace.mask(wanted)[lead]:
            yield _("Must hold: %(fact)s.") % {"fact": condition_clause(wanted, definition.kinds)}
    asked = definition.tier_1.condition
    if asked is not None and not evaluation.workspace.mask(asked)[lead]:
        yield _("Must hold: %(fact)s.") % {"fact": condition_clause(asked, definition.kinds)}


def _disqualified(decision: ScoreDecision, compiled: CompiledRulebook) -> str:
    for no in compiled.definition.disqualifiers:
        if no.key == decision.disqualified_by:
            return disqualifier_sentence(no, compiled.definition.kinds)
    return ""


def _summary(decision: ScoreDecision, judged: _Judged, lead: int) -> str:
    """Tier, axes and the strongest findings, one per axis first, as far as 35 words reach."""
    axes = ", ".join(
        f"{axis} {plain_points(points)}"
        for axis, points in zip(AXES, (decision.fit, decision.intent, decision.timing), strict=True)
    )
    start = _("Tier %(tier)d (%(axes)s)") % {"tier": decision.tier, "axes": axes}
    if decision.disqualified_by:
        no = _disqualified(decision, judged.compiled)
        return f"{start}: {no[:1].lower()}{no[1:]}"
    kept: list[str] = []
    for index in _strongest(decision, judged.compiled):
        condition = judged.compiled.rules[index].condition
        finding = condition.found(judged.evaluation.workspace, lead, judged.compiled.definition.kinds)
        if count_words(" ".join([start, *kept, finding])) <= LONGEST_SUMMARY:
            kept.append(finding)
    if not kept:
        return _("%(start)s: nothing speaks for it yet.") % {"start": start}
    return f"{start}: {'; '.join(kept)}."


def _strongest(decision: ScoreDecision, compiled: CompiledRulebook) -> list[int]:
    """Rules with points: the best of each axis first (intent, fit, timing), then the rest by size."""
    order = (Axis.INTENT, Axis.FIT, Axis.TIMING)
    hit = sorted(
        (index for index, points in enumerate(decision.contributions) if points),
        key=lambda index: (decision.contributions[index] < 0, -abs(decision.contributions[index]), index),
    )
    first = [next((index for index in hit if compiled.rules[index].axis is axis), None) for axis in order]
    leading = [index for index in first if index is not None]
    return [*leading, *(index for index in hit if index not in leading)]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
