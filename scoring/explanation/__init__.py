"""Explains a score as the sum of its reasons, each with what was found; reading it never changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from scoring.engine import FORMULA_VERSION, CompiledRulebook, Evaluation, evaluate, frame_of, read_inputs
from scoring.explanation.explained import (
    AxisBeside,
    AxisExplanation,
    Evidence,
    Explanation,
    Reason,
    StageExplanation,
    side_by_side,
)
from scoring.explanation.telling import LONGEST_SUMMARY, Judged, tell, tell_shortly
from scoring.facts import load_facts
from scoring.models import LeadScore, Rulebook, ScoreDecision
from scoring.publishing import NoLiveRulebook, compiled_rulebook, live_rulebook
from scoring.rules import Axis


def explain(decision: ScoreDecision) -> Explanation:
    """Why this decision was made, from the inputs and the rulebook it keeps. At most one query (the rulebook)."""
    ((decision, judged, lead),) = _judged([decision])
    return tell(decision, judged, lead)


def explain_lead(lead_id: UUID) -> Explanation | None:
    """Why the lead has its current score, None if it was never judged. One query."""
    score = LeadScore.objects.select_related("decision__rulebook").filter(pk=lead_id).first()
    return explain(score.decision) if score else None


def explain_many(lead_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The one-sentence summaries of current scores, for lists. Leads never judged are left out. One query."""
    scores = LeadScore.objects.filter(pk__in=list(lead_ids)).select_related("decision__rulebook")
    decisions = [score.decision for score in scores]
    return {decision.lead_id: tell_shortly(decision, judged, lead) for decision, judged, lead in _judged(decisions)}


def explain_now(lead_id: UUID, now: datetime) -> Explanation | None:
    """What the live rulebook would say about the lead at this moment, stored nowhere; None if there is neither.

    Three queries, five if the rulebook asks about accounts.
    """
    try:
        live = live_rulebook()
    except NoLiveRulebook:
        return None
    loaded = load_facts([lead_id], live.compiled, as_of={}, now=now)
    if not loaded.lead_ids:
        return None
    evaluation = evaluate(live.compiled, loaded.frame)
    keys = [*(no.key for no in live.compiled.definition.disqualifiers), ""]  # -1, nobody, is the last
    decision = ScoreDecision(
        lead_id=lead_id,
        rulebook=Rulebook(id=live.id, version=live.version),
        decided_at=now,
        as_of=now,
        fit=int(evaluation.axes[Axis.FIT][0]),
        intent=int(evaluation.axes[Axis.INTENT][0]),
        timing=int(evaluation.axes[Axis.TIMING][0]),
        tier=int(evaluation.tier[0]),
        disqualified_by=keys[int(evaluation.disqualified[0])],
        contributions=evaluation.contributions[0].tolist(),
        formula_version=FORMULA_VERSION,
    )
    return tell(decision, Judged(live.compiled, evaluation), 0)


def evaluate_decisions(decisions: Sequence[ScoreDecision], compiled: CompiledRulebook) -> Evaluation:
    """Evaluates the stored inputs of decisions of one rulebook once more."""
    return evaluate(compiled, frame_of(read_inputs([decision.inputs for decision in decisions])))


def _judged(decisions: Sequence[ScoreDecision]) -> Iterable[tuple[ScoreDecision, Judged, int]]:
    by_rulebook: dict[UUID, list[ScoreDecision]] = {}
    for decision in decisions:
        by_rulebook.setdefault(decision.rulebook_id, []).append(decision)
    for group in by_rulebook.values():
        book = group[0].rulebook
        compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
        judged = Judged(compiled, evaluate_decisions(group, compiled))
        yield from ((decision, judged, index) for index, decision in enumerate(group))


__all__ = [
    "LONGEST_SUMMARY",
    "AxisBeside",
    "AxisExplanation",
    "Evidence",
    "Explanation",
    "Reason",
    "StageExplanation",
    "evaluate_decisions",
    "explain",
    "explain_lead",
    "explain_many",
    "explain_now",
    "side_by_side",
]
