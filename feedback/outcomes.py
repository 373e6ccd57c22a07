"""Records what became of leads, and moves them where that puts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from feedback.labels import refresh_labels
from feedback.models import Outcome, OutcomeStage
from leads.lifecycle import Stage, can_move
from leads.models import Lead
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows

PATHS: dict[str, list[Stage]] = {
    "meeting": [],
    "opportunity": [Stage.OPPORTUNITY],
    "won": [Stage.OPPORTUNITY, Stage.WON],
    "lost": [Stage.OPPORTUNITY, Stage.LOST],
    "churned": [],
    "lifetime_value": [],
}
"""The stages an outcome leads through; a deal that is won without a word about it before was an opportunity too."""

NEEDS: dict[str, frozenset[Stage]] = {
    "meeting": frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.WON, Stage.LOST}),
    "opportunity": frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY}),
    "won": frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY}),
    "lost": frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY}),
    "churned": frozenset({Stage.WON}),
    "lifetime_value": frozenset({Stage.WON}),
}
"""Where a live lead must stand for an outcome to be possible."""


@dataclass(frozen=True, slots=True)
class Result:
    """One outcome to record. `occurred_at` may be None only for history."""

    lead_id: UUID
    kind: str
    occurred_at: datetime | None
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""
    external_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    user_id: UUID | None = None
    is_history: bool = False
    job_id: UUID | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one result: its row, or why it was refused, or that it was known already."""

    result: Result
    outcome: Outcome | None
    refusal: str = ""
    is_repeat: bool = False


def record_outcomes(results: Sequence[Result], *, now: datetime) -> list[Recorded]:
    """Appends outcomes and moves the leads, in order. Each result is recorded, known already, or refused in words."""
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in={r.lead_id for r in results}).select_for_update()}
    known = _known(leads, {result.external_id for result in results} - {""})
    answers: list[Recorded] = []
    rows: list[Outcome] = []
    steps: dict[int, list[Move]] = {}
    planned: Counter[UUID] = Counter()
    for result in results:
        key = (result.lead_id, result.kind, result.external_id)
        if result.external_id and key in known:
            answers.append(Recorded(result, None, is_repeat=True))
            continue
        lead = leads.get(result.lead_id)
        refusal = _refusal(result, lead)
        if refusal or lead is None:
            answers.append(Recorded(result, None, refusal))
            continue
        known.add(key)
        row = _row(result, now)
        rows.append(row)
        answers.append(Recorded(result, row))
        _plan_moves(lead, result, row, steps, planned)
    insert_rows(Outcome, rows)
    for is_history in (False, True):
        for step in sorted(steps):
            moves = [move for move in steps[step] if leads[move.lead_id].is_history is is_history]
            if moves:
                move_leads(moves, now=now, is_history=is_history)
    refresh_labels(row.lead_id for row in rows)
    return answers


def _known(leads: Iterable[UUID], external_ids: set[str]) -> set[tuple[UUID, str, str]]:
    """Outcomes that were sent before and still stand; what an undone import brought may come again."""
    if not external_ids:
        return set()
    sent = Outcome.objects.filter(lead_id__in=leads, external_id__in=external_ids)
    return set(sent.exclude(corrected_by__kind=OutcomeStage.WITHDRAWN).values_list("lead_id", "kind", "external_id"))


def _refusal(result: Result, lead: Lead | None) -> str:
    if lead is None:
        return "There is no such lead."
    if result.kind not in PATHS:
        return f"“{result.kind}” is not an outcome. Use one of {', '.join(PATHS)}."
    if lead.is_history:
        return ""
    if result.occurred_at is None:
        return "Say when it happened (occurred_at)."
    if result.kind == "lost" and not result.reason:
        return "A lost deal needs its reason."
    if result.kind == "lifetime_value" and result.amount is None:
        return "Say what the customer has paid so far (amount)."
    if lead.stage not in NEEDS[result.kind]:
        return f"This lead is {Stage(lead.stage).label.lower()}; accept it before you record {result.kind}."
    return ""


def _row(result: Result, now: datetime) -> Outcome:
    return Outcome(
        lead_id=result.lead_id,
        kind=result.kind,
        occurred_at=result.occurred_at,
        recorded_at=now,
        amount=result.amount,
        currency=result.currency if result.amount is not None else "",
        reason=result.reason[:300],
        external_id=result.external_id,
        attributes=dict(result.attributes),
        recorded_by_id=result.user_id,
        is_history=result.is_history,
        job_id=result.job_id,
        line=result.line,
    )


def _plan_moves(lead: Lead, result: Result, row: Outcome, steps: dict[int, list[Move]], planned: Counter[UUID]) -> None:
    """Adds the moves of one result; later results of the same lead start where this one ends.

    `planned` counts the moves of each lead so far.
    """
    path = PATHS[result.kind][-1:] if lead.is_history else PATHS[result.kind]
    for step, stage in enumerate(path):
        if lead.stage == stage or not can_move(lead.stage, stage, is_history=lead.is_history):
            continue
        move = Move(lead.pk, lead.stage, stage, result.occurred_at, "outcome", str(row.pk), result.user_id)
        steps.setdefault(max(step, planned[lead.pk]), []).append(move)
        planned[lead.pk] += 1
        lead.stage = stage
