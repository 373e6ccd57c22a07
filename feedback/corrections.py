"""Corrects outcomes: a further row restates one with other facts, or withdraws it and puts the lead back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from feedback.labels import refresh_labels
from feedback.models import Outcome, OutcomeStage
from leads.lifecycle import CLOSED_STAGES, Stage
from leads.models import Lead, LifecycleEvent
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows


@dataclass(frozen=True, slots=True)
class Correction:
    """What is true instead of an outcome: all its facts anew, or (`withdraws`) that it never happened."""

    outcome_id: UUID
    user_id: UUID | None
    occurred_at: datetime | None = None
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""
    attributes: dict[str, Any] | None = None
    withdraws: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of a correction: its row, or why it was refused."""

    correction: Correction
    outcome: Outcome | None
    refusal: str = ""


def correct_outcomes(corrections: Sequence[Correction], *, now: datetime) -> list[Corrected]:
    """Restates or withdraws outcomes, each once; the latest version counts everywhere, the earlier ones stay readable.

    Withdrawing one that moved the lead puts the lead back where it stood before. One correction per lead and call.
    """
    ids = [correction.outcome_id for correction in corrections]
    rows = {row.pk: row for row in Outcome.objects.filter(pk__in=ids)}
    leads = {
        lead.pk: lead
        for lead in Lead.objects.filter(pk__in={row.lead_id for row in rows.values()})
        .order_by("pk")
        .select_for_update(of=("self",))
    }
    later = set(Outcome.objects.filter(corrects__in=ids).values_list("corrects_id", flat=True))
    roots = _roots(list(rows.values()))
    caused = _moves_of(list(roots.values()))
    moves = {pk: caused[root] for pk, root in roots.items() if root in caused}
    reopened = {row.lead_id for row in rows.values() if leads[row.lead_id].stage in CLOSED_STAGES and moves.get(row.pk)}
    crowded = _crowded([leads[pk] for pk in reopened])
    corrected: list[Corrected] = []
    steps: list[Move] = []
    for correction in corrections:
        row = rows.get(correction.outcome_id)
        refusal = _refusal(correction, row, later, leads, moves, crowded)
        if refusal or row is None:
            corrected.append(Corrected(correction, None, refusal))
            continue
        version = _version(correction, row, now)
        corrected.append(Corrected(correction, version))
        if correction.withdraws and moves.get(row.pk):
            start, end = moves[row.pk][0][0], moves[row.pk][-1][1]
            steps.append(Move(row.lead_id, end, start, now, "undo", str(version.pk), correction.user_id))
    insert_rows(Outcome, [one.outcome for one in corrected if one.outcome is not None])
    for is_history in (False, True):
        back = [step for step in steps if leads[step.lead_id].is_history is is_history]
        if back:
            move_leads(back, now=now, is_undo=True, is_history=is_history)
    refresh_labels(one.outcome.lead_id for one in corrected if one.outcome is not None)
    return corrected


def _roots(rows: Sequence[Outcome]) -> dict[UUID, UUID]:
    """The first version of each outcome: the one that moved the lead. One query per version."""
    roots = {row.pk: row.pk for row in rows}
    parents = {row.pk: row.corrects_id for row in rows if row.corrects_id}
    while parents:
        roots.update(parents)
        known = dict(Outcome.objects.filter(pk__in=parents.values()).values_list("pk", "corrects_id"))
        parents = {pk: above for pk, parent in parents.items() if (above := known.get(parent))}
    return roots


def _moves_of(outcome_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """The stages each outcome led its lead through, in order."""
    events = LifecycleEvent.objects.filter(cause_kind="outcome", cause_id__in=[str(pk) for pk in outcome_ids])
    moves: dict[UUID, list[tuple[str, str]]] = {}
    for cause_id, start, end in events.order_by("pk").values_list("cause_id", "from_stage", "to_stage"):
        moves.setdefault(UUID(cause_id), []).append((start, end))
    return moves


def _crowded(leads: Sequence[Lead]) -> set[UUID]:
    """Leads that cannot be reopened because their person has another open lead by now."""
    if not leads:
        return set()
    people = {lead.person_id: lead.pk for lead in leads}
    open_ones = Lead.objects.shown().open().filter(person_id__in=people).values_list("person_id", "pk")
    return {people[person_id] for person_id, pk in open_ones if pk != people[person_id]}


def _refusal(
    correction: Correction,
    row: Outcome | None,
    later: set[UUID],
    leads: dict[UUID, Lead],
    moves: dict[UUID, list[tuple[str, str]]],
    crowded: set[UUID],
) -> str:
    if row is None or row.kind == OutcomeStage.WITHDRAWN:
        return "There is no such outcome."
    if row.pk in later:
        return "This outcome was corrected already; correct its latest version."
    if not correction.withdraws:
        return _bad_facts(correction, row)
    moved = moves.get(row.pk)
    if moved and leads[row.lead_id].stage != moved[-1][1]:
        stage = str(Stage(leads[row.lead_id].stage).label).lower()
        return f"This lead is {stage} by now; withdraw what came later first."
    if row.lead_id in crowded:
        return "This person has another open lead by now; this one stays closed."
    return ""


def _bad_facts(correction: Correction, row: Outcome) -> str:
    if row.kind == OutcomeStage.LOST and not correction.reason.strip() and not row.is_history:
        return "A lost deal needs its reason."
    if row.kind == OutcomeStage.LIFETIME_VALUE and correction.amount is None:
        return "Say what the customer has paid so far (amount)."
    if correction.occurred_at is None and not row.is_history:
        return "Say when it happened (occurred_at)."
    return ""


def _version(correction: Correction, row: Outcome, now: datetime) -> Outcome:
    if correction.withdraws:
        facts: dict[str, Any] = {"kind": OutcomeStage.WITHDRAWN, "occurred_at": now}
    else:
        facts = {
            "kind": row.kind,
            "occurred_at": correction.occurred_at,
            "amount": correction.amount,
            "currency": correction.currency if correction.amount is not None else "",
            "attributes": row.attributes if correction.attributes is None else correction.attributes,
            "external_id": row.external_id,
        }
    return Outcome(
        lead_id=row.lead_id,
        recorded_at=now,
        reason=correction.reason.strip()[:300],
        recorded_by_id=correction.user_id,
        is_history=row.is_history,
        corrects=row,
        **facts,
    )
