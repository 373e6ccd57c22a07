"""Explains a score as the sum of its reasons, each with what was found; reading it never changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from revops.foundation.kept_queries import KeptQuery, any_of, blank
from scoring.engine import FORMULA_VERSION, CompiledRulebook, Evaluation, evaluate, frame_of, read_inputs
from scoring.engine.reasons import read_reasons
from scoring.explanation.explained import (
    AxisBeside,
    AxisExplanation,
    Evidence,
    Explanation,
    Reason,
    StageExplanation,
    side_by_side,
    usual_stage,
)
from scoring.explanation.remembering import Told
from scoring.explanation.telling import LONGEST_SUMMARY, Judged, tell, tell_shortly
from scoring.facts import load_facts
from scoring.models import LeadScore, Rulebook, ScoreDecision
from scoring.publishing import NoLiveRulebook, compiled_rulebook, live_rulebook
from scoring.rules import Axis

_summaries: Told[str] = Told(20_000)
_explanations: Told[Explanation] = Told(2_000)
"""Some 10 MB a process when they are full."""


def explain(decision: ScoreDecision) -> Explanation:
    """Why this decision was made, from the inputs and the rulebook it keeps. At most one query (the rulebook)."""
    if (told := _explanations.of(decision.lead_id, decision.pk)) is not None:
        return told
    ((decision, judged, lead),) = _judged([decision])
    return _explanations.keep(decision.lead_id, decision.pk, tell(decision, judged, lead))


def explain_decision(lead_id: UUID, decision_id: int) -> Explanation | None:
    """Why a decision about the lead was made; None if there is none. One query, none if this process told it before."""
    if (told := _explanations.of(lead_id, decision_id)) is not None:
        return told
    decision = _DECISIONS.first(decision=decision_id)
    return explain(decision) if decision else None


def explain_lead(lead_id: UUID) -> Explanation | None:
    """Why the lead has its current score, None if it was never judged. One query; more while it is provisional."""
    score = _SCORES.first(leads=[lead_id])
    return explain_score(score) if score else None


def explain_score(score: LeadScore) -> Explanation:
    """Why a current score is as it is. No query if decision and rulebook were read with it, else as many as that.

    While the decision behind a score is still to be written, the score itself keeps the points of every rule.
    """
    if not score.is_provisional:
        return explain(score.decision)
    ((decision, judged, lead),) = _judged_anew([score])
    return tell(decision, judged, lead)


def explain_many(lead_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The one-sentence summaries of current scores, for lists. Leads never judged are left out.

    One query, and one more if there are decisions whose summary this process does not remember.
    """
    current = _CURRENT.fetch(leads=list(lead_ids))
    told: dict[UUID, str] = {}
    unknown = []
    for lead_id, decision_id, is_provisional in current:
        words = None if is_provisional else _summaries.of(lead_id, decision_id)
        if words is None:
            unknown.append(lead_id)
        else:
            told[lead_id] = words
    scores = _SCORES.fetch(leads=unknown) if unknown else ()
    for decision, judged, lead in _judged([score.decision for score in scores if not score.is_provisional]):
        told[decision.lead_id] = _summaries.keep(decision.lead_id, decision.pk, tell_shortly(decision, judged, lead))
    for decision, judged, lead in _judged_anew([score for score in scores if score.is_provisional]):
        told[decision.lead_id] = tell_shortly(decision, judged, lead)
    return told


_CURRENT = KeptQuery(
    LeadScore.objects.filter(pk=any_of("leads")).values_list("lead_id", "decision_id", "is_provisional")
)
_SCORES = KeptQuery(
    LeadScore.objects.filter(pk=any_of("leads"))
    .select_related("decision__rulebook")
    .defer("decision__rulebook__definition")
)
_DECISIONS = KeptQuery(
    ScoreDecision.objects.filter(pk=blank("decision")).select_related("rulebook").defer("rulebook__definition")
)
"""Without the rules themselves: each process compiles a rulebook once."""


def explain_now(lead_id: UUID, now: datetime) -> Explanation | None:
    """What the live rulebook would say about the lead at this moment, stored nowhere; None if there is neither.

    Three queries, five if the rulebook asks about accounts.
    """
    try:
        live = live_rulebook()
    except NoLiveRulebook:
        return None
    for decision, judged, lead in _judged_as_of({lead_id: now}, live.id, live.version, live.compiled):
        return tell(decision, judged, lead)
    return None


def _judged_anew(scores: Sequence[LeadScore]) -> Iterable[tuple[ScoreDecision, Judged, int]]:
    """Provisional scores with the points they keep, judged once more as of when they were for what was found."""
    kept = {score.lead_id: score for score in scores}
    by_rulebook: dict[UUID, dict[UUID, datetime]] = {}
    for score in scores:
        by_rulebook.setdefault(score.rulebook_id, {})[score.lead_id] = score.decided_at
    for book in Rulebook.objects.filter(pk__in=by_rulebook) if by_rulebook else ():
        compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
        for decision, judged, lead in _judged_as_of(by_rulebook[book.pk], book.pk, book.version, compiled):
            score = kept[decision.lead_id]
            if score.reasons is not None:
                decision.contributions = read_reasons(bytes(score.reasons))
                decision.fit, decision.intent, decision.timing = score.fit, score.intent, score.timing
                decision.tier = score.tier
            yield decision, judged, lead


def _judged_as_of(
    as_of: Mapping[UUID, datetime], rulebook_id: UUID, version: int, compiled: CompiledRulebook
) -> Iterable[tuple[ScoreDecision, Judged, int]]:
    """Decisions that are stored nowhere: what a rulebook says about leads as of some moments."""
    latest = max(as_of.values())
    loaded = load_facts(list(as_of), compiled, as_of=as_of, now=latest)
    if not loaded.lead_ids:
        return
    evaluation = evaluate(compiled, loaded.frame)
    keys = [*(no.key for no in compiled.definition.disqualifiers), ""]  # -1, nobody, is the last
    judged = Judged(compiled, evaluation)
    for index, lead_id in enumerate(loaded.lead_ids):
        decision = ScoreDecision(
            lead_id=lead_id,
            rulebook=Rulebook(id=rulebook_id, version=version),
            decided_at=as_of[lead_id],
            as_of=as_of[lead_id],
            fit=int(evaluation.axes[Axis.FIT][index]),
            intent=int(evaluation.axes[Axis.INTENT][index]),
            timing=int(evaluation.axes[Axis.TIMING][index]),
            tier=int(evaluation.tier[index]),
            disqualified_by=keys[int(evaluation.disqualified[index])],
            contributions=evaluation.contributions[index].tolist(),
            formula_version=FORMULA_VERSION,
        )
        yield decision, judged, index


def evaluate_decisions(decisions: Sequence[ScoreDecision], compiled: CompiledRulebook) -> Evaluation:
    """Evaluates the stored inputs of decisions of one rulebook once more."""
    return evaluate(compiled, frame_of(read_inputs([decision.inputs for decision in decisions])))


def _judged(decisions: Sequence[ScoreDecision]) -> Iterable[tuple[ScoreDecision, Judged, int]]:
    by_rulebook: dict[UUID, list[ScoreDecision]] = {}
    for decision in decisions:
        by_rulebook.setdefault(decision.rulebook_id, []).append(decision)
    for group in by_rulebook.values():
        book = group[0].rulebook
        compiled = compiled_rulebook(book.pk, book.content_hash, vars(book).get("definition"))  # it may be deferred
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
    "explain_decision",
    "explain_lead",
    "explain_many",
    "explain_now",
    "explain_score",
    "side_by_side",
    "usual_stage",
]
