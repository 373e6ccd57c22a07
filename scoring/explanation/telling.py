"""Tells decisions from the inputs and the rulebook they keep: reasons, notes, what is missing, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from scoring.engine import CompiledRulebook, Evaluation
from scoring.engine.compiled import required_fact
from scoring.explanation.explained import AxisExplanation, Evidence, Explanation, Reason, StageExplanation
from scoring.models import ScoreDecision, Tier
from scoring.rules import AXES, Axis, disqualifier_sentence, plain_points, rule_sentence, signed_points
from scoring.rules.conditions import ActQuestion, Condition, Not
from scoring.rules.decay import decay_table
from scoring.rules.sentences import condition_clause, count_words, stage_sentence
from scoring.rules.stages import stage_of

LONGEST_SUMMARY = 35


@dataclass(frozen=True, slots=True)
class Judged:
    """Decisions of one rulebook, evaluated again for what was found."""

    compiled: CompiledRulebook
    evaluation: Evaluation

    def found(self, condition: Condition, lead: int) -> str:
        return condition.found(self.evaluation.workspace, lead, self.compiled.definition.kinds)


def tell(decision: ScoreDecision, judged: Judged, lead: int) -> Explanation:
    """The whole explanation of one decision, which is row `lead` of what was judged."""
    return Explanation(
        decision_id=decision.pk,
        lead_id=decision.lead_id,
        decided_at=decision.decided_at,
        as_of=decision.as_of,
        rulebook_id=decision.rulebook_id,
        rulebook_version=decision.rulebook.version,
        tier=decision.tier,
        summary=tell_shortly(decision, judged, lead),
        axes=tuple(_axis(axis, decision, judged, lead) for axis in AXES),
        missing=tuple(_missing(decision, judged, lead)),
        disqualified=_disqualified(decision, judged.compiled),
        stage=_stage(judged, lead),
    )


def tell_shortly(decision: ScoreDecision, judged: Judged, lead: int) -> str:
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
        finding = judged.found(judged.compiled.rules[index].condition, lead)
        if count_words(" ".join([start, *kept, finding])) <= LONGEST_SUMMARY:
            kept.append(finding)
    if not kept:
        return _("%(start)s: nothing speaks for it yet.") % {"start": start}
    return f"{start}: {'; '.join(kept)}."


def _axis(axis: Axis, decision: ScoreDecision, judged: Judged, lead: int) -> AxisExplanation:
    reasons = [
        _reason(index, decision, judged, lead)
        for index, rule in enumerate(judged.compiled.rules)
        if rule.axis is axis and (decision.contributions[index] or judged.evaluation.before_caps[lead, index])
    ]
    reasons.sort(key=lambda reason: -abs(reason.points))
    total = {Axis.FIT: decision.fit, Axis.INTENT: decision.intent, Axis.TIMING: decision.timing}[axis]
    return AxisExplanation(axis, total, judged.compiled.definition.caps[axis], tuple(reasons))


def _reason(index: int, decision: ScoreDecision, judged: Judged, lead: int) -> Reason:
    rule, definition = judged.compiled.rules[index], judged.compiled.definition
    return Reason(
        rule_key=rule.key,
        axis=rule.axis,
        sentence=rule_sentence(rule, definition.kinds),
        points=decision.contributions[index],
        evidence=_capital(judged.found(rule.condition, lead)),
        note="; ".join(_notes(index, decision, judged, lead)),
        is_proven=not judged.compiled.unproven[index],
        refs=tuple(_refs(rule.condition, judged, lead)),
    )


def _refs(condition: Condition, judged: Judged, lead: int) -> Iterable[Evidence]:
    """The facts and acts behind a condition that holds; what is true by absence has none."""
    if isinstance(condition, Not):
        return
    workspace = judged.evaluation.workspace
    for question in condition.questions():
        if not workspace.mask(question)[lead]:
            continue
        if isinstance(question, ActQuestion):
            measure = workspace.measure(question)
            yield Evidence(
                signal_kinds=question.happened(workspace, lead),
                first_on=workspace.date(int(measure.earliest[lead])),
                last_on=workspace.date(int(measure.latest[lead])),
                by="account" if question.asked_account_kinds() else "person",
            )
        else:
            yield from (Evidence(fact=name) for name in question.asked_attributes())


def _notes(index: int, decision: ScoreDecision, judged: Judged, lead: int) -> Iterable[str]:
    rule, workspace = judged.compiled.rules[index], judged.evaluation.workspace
    act = rule.fading
    if act is not None and rule.half_life_days is not None:
        table = decay_table(rule.half_life_days)
        age = int(workspace.frame.as_of[lead] - workspace.measure(act).latest[lead])
        share = table[min(age, len(table) - 1)] // 10
        if share < 100:
            yield _("worth %(share)d %% now") % {"share": share}
    before = int(judged.evaluation.before_caps[lead, index])
    if before != decision.contributions[index]:
        yield _cut(index, before, judged.compiled)
    if judged.compiled.unproven[index]:
        yield _("unproven, so it does not count for the tier")


def _cut(index: int, before: int, compiled: CompiledRulebook) -> str:
    """Which limit cut the points of a rule."""
    rule, definition = compiled.rules[index], compiled.definition
    words = {"before": signed_points(before), "axis": rule.axis, "cap": plain_points(definition.caps[rule.axis])}
    if before < 0:
        floor = plain_points(definition.floors.get(rule.axis, 0))
        return _("cut from %(before)s: %(axis)s cannot fall below %(floor)s") % {**words, "floor": floor}
    family_cap = definition.family_caps.get(rule.family)
    if family_cap is None:
        return _("cut from %(before)s: %(axis)s can reach %(cap)s") % words
    words |= {"family": rule.family, "most": plain_points(family_cap)}
    return _("cut from %(before)s: %(family)s can add at most %(most)s, %(axis)s %(cap)s") % words


def _missing(decision: ScoreDecision, judged: Judged, lead: int) -> Iterable[str]:
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
    asked: list[Condition] = [required_fact(name) for name in definition.tier_1.required_facts]
    asked += [definition.tier_1.condition] if definition.tier_1.condition is not None else []
    for wanted in asked:
        if not evaluation.workspace.mask(wanted)[lead]:
            yield _("Must hold: %(fact)s.") % {"fact": condition_clause(wanted, definition.kinds)}


def _disqualified(decision: ScoreDecision, compiled: CompiledRulebook) -> str:
    for no in compiled.definition.disqualifiers:
        if no.key == decision.disqualified_by:
            return disqualifier_sentence(no, compiled.definition.kinds)
    return ""


def _stage(judged: Judged, lead: int) -> StageExplanation | None:
    stage = stage_of(int(judged.evaluation.stage[lead]))
    definition = judged.compiled.definition
    for rule in definition.stages:
        if rule.stage is stage:
            return StageExplanation(
                stage=rule.stage,
                sentence=stage_sentence(rule, definition.kinds),
                evidence=_capital(judged.found(rule.condition, lead)),
                refs=tuple(_refs(rule.condition, judged, lead)),
            )
    return None


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
