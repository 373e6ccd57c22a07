"""Sales' answers: accept, reject with a reason and its evidence, return to nurture, and the undo of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F

from feedback.models import Disposition, DispositionKind, EvidenceKind, ReasonCode
from leads.attempts import Persistence, persistence_of
from leads.lifecycle import Stage, can_move
from leads.models import Lead
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows
from sla.clocks import cancel_clocks_of_leads
from sla.handoffs import HandOffAnswer, answer_handoffs, latest_handoffs, reopen_handoffs
from sla.models import HandOff

ATTEMPTS_BEFORE_NO_RESPONSE = 6
CHANNELS_BEFORE_NO_RESPONSE = 2
UNDO_FOR = timedelta(days=30)

STAGE_OF = {
    DispositionKind.ACCEPTED: Stage.ACCEPTED,
    DispositionKind.REJECTED: Stage.REJECTED,
    DispositionKind.RETURNED: Stage.NURTURE,
}
"""Where each answer puts the lead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a lead. A rejection names a reason code and the evidence that code asks for."""

    lead_id: UUID
    user_id: UUID
    kind: str
    at: datetime
    reason: str = ""
    evidence: str = ""
    note: str = ""
    decision_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer: its row, or `refusal` in words with a `code` for machines.

    `code` is one of lead_taken, invalid_transition, not_found, unknown_reason, missing_evidence, bad_evidence,
    no_response_locked.
    """

    answer: Answer
    disposition: Disposition | None
    code: str = ""
    refusal: str = ""


def record_answers(answers: Sequence[Answer], *, now: datetime) -> list[Answered]:
    """Records answers in order. Leads are locked, so of two people who answer at once one wins, the other is told.

    A constant number of queries, whatever the number of answers. One answer per lead and call.
    """
    ids = sorted({answer.lead_id for answer in answers})
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))}
    handoffs = latest_handoffs(ids)
    reasons = {reason.code: reason for reason in ReasonCode.objects.filter(is_active=True)}
    tried = persistence_of(ids) if any(answer.reason == "no_response" for answer in answers) else {}
    results: list[Answered] = []
    accepted: list[tuple[Answer, Disposition, Lead]] = []
    for answer in answers:
        lead, reason = leads.get(answer.lead_id), reasons.get(answer.reason)
        code, refusal = _check(answer, lead, handoffs.get(answer.lead_id), reason, tried, now)
        if refusal or lead is None:
            results.append(Answered(answer, None, code, refusal))
            continue
        row = _row(answer, handoffs.get(answer.lead_id), reason, tried, now)
        accepted.append((answer, row, lead))
        results.append(Answered(answer, row))
    insert_rows(Disposition, [row for _, row, _ in accepted])
    _carry_out(accepted, handoffs, reasons, now=now)
    return results


def _check(
    answer: Answer,
    lead: Lead | None,
    handoff: HandOff | None,
    reason: ReasonCode | None,
    tried: dict[UUID, Persistence],
    now: datetime,
) -> tuple[str, str]:
    if lead is None:
        return "not_found", "There is no such lead."
    if not can_move(lead.stage, STAGE_OF[DispositionKind(answer.kind)]):
        return _taken(lead, handoff, now)
    if answer.kind != DispositionKind.REJECTED:
        return "", ""
    if reason is None:
        return "unknown_reason", "Choose a reason from the list; this one is not in it."
    return check_evidence(reason, answer.evidence, tried.get(answer.lead_id, Persistence()))


def check_evidence(reason: ReasonCode, evidence: str, tried: Persistence) -> tuple[str, str]:
    """(code, words) if the evidence is not what the reason asks for, else two empty texts."""
    text = evidence.strip()
    if reason.evidence_kind == EvidenceKind.ATTEMPTS:
        if tried.attempts >= ATTEMPTS_BEFORE_NO_RESPONSE and tried.channels >= CHANNELS_BEFORE_NO_RESPONSE:
            return "", ""
        return "no_response_locked", (
            f"“{reason.label}” opens after {ATTEMPTS_BEFORE_NO_RESPONSE} attempts on {CHANNELS_BEFORE_NO_RESPONSE} "
            f"channels; so far {tried.attempts} on {tried.channels}."
        )
    if not text:
        return "missing_evidence", f"“{reason.label}” needs its evidence: {reason.evidence_question}"
    if reason.evidence_kind == EvidenceKind.DATE and _date(text) is None:
        return "bad_evidence", f"{reason.evidence_question} Write the date like 2027-03-01."
    if reason.evidence_kind == EvidenceKind.NUMBER and not re.search(r"\d", text):
        return "bad_evidence", f"{reason.evidence_question} Write a number."
    if reason.evidence_kind == EvidenceKind.TEXT and len(text) < 3:
        return "bad_evidence", f"{reason.evidence_question} A few words are enough."
    return "", ""


def _taken(lead: Lead, handoff: HandOff | None, now: datetime) -> tuple[str, str]:
    stage = Stage(lead.stage).label
    if handoff is not None and handoff.answered_by is not None and handoff.answered_at is not None:
        ago = max(now - handoff.answered_at, timedelta())
        state = handoff.get_state_display().lower()
        return "lead_taken", f"{handoff.answered_by.name} {state} this lead {in_words(ago)} ago."
    return "invalid_transition", f"This lead is {str(stage).lower()}; that answer is not possible now."


def in_words(span: timedelta) -> str:
    """A span as people say it: "12 s", "5 min", "3 h", "4 days"."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _row(
    answer: Answer,
    handoff: HandOff | None,
    reason: ReasonCode | None,
    tried: dict[UUID, Persistence],
    now: datetime,
) -> Disposition:
    evidence = answer.evidence.strip()[:500]
    if reason is not None and reason.evidence_kind == EvidenceKind.ATTEMPTS:
        count = tried[answer.lead_id]
        evidence = f"{count.attempts} attempts on {count.channels} channels"
    return Disposition(
        lead_id=answer.lead_id,
        handoff=handoff,
        kind=answer.kind,
        reason=reason if answer.kind == DispositionKind.REJECTED else None,
        evidence=evidence if answer.kind == DispositionKind.REJECTED else "",
        note=answer.note.strip()[:2000],
        user_id=answer.user_id,
        decided_at=answer.at,
        recorded_at=now,
        decision_ms=answer.decision_ms,
    )


def _carry_out(
    accepted: Sequence[tuple[Answer, Disposition, Lead]],
    handoffs: dict[UUID, HandOff],
    reasons: dict[str, ReasonCode],
    *,
    now: datetime,
) -> None:
    answer_handoffs(
        [
            HandOffAnswer(
                handoff_id=handoffs[lead.pk].pk,
                state=answer.kind,
                user_id=answer.user_id,
                at=answer.at,
                gives_turn_back=answer.kind == "rejected" and reasons[answer.reason].is_creditable,
            )
            for answer, _, lead in accepted
            if lead.pk in handoffs
        ],
        now=now,
    )
    move_leads(
        [
            Move(
                lead.pk, lead.stage, STAGE_OF[DispositionKind(answer.kind)], answer.at, "disposition", str(row.pk),
                answer.user_id, answer.user_id if answer.kind == "accepted" else lead.owner_id,
            )
            for answer, row, lead in accepted
        ],
        now=now,
    )  # fmt: skip
    gone = [lead.pk for answer, _, lead in accepted if answer.kind != DispositionKind.ACCEPTED]
    cancel_clocks_of_leads(gone, at=now, reason="Sales gave the lead back.")
    sleepers = [(lead.pk, _wakes_on(answer, reasons)) for answer, _, lead in accepted if answer.kind == "rejected"]
    for lead_id, wakes_on in sleepers:
        if wakes_on is not None:
            Lead.objects.filter(pk=lead_id).update(wakes_on=wakes_on)


def _wakes_on(answer: Answer, reasons: dict[str, ReasonCode]) -> date | None:
    days, on = reasons[answer.reason].wakes_days_before, _date(answer.evidence.strip())
    return max(on - timedelta(days=days), answer.at.date()) if days is not None and on is not None else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def undo_answers(disposition_ids: Sequence[UUID], user_id: UUID, *, now: datetime) -> list[Answered]:
    """Takes answers back: a further row, the lead where it was, the hand-off open again with its old deadlines.

    Refused when the lead has moved on since, when the answer was undone before, or after 30 days.
    """
    rows = {row.pk: row for row in Disposition.objects.filter(pk__in=disposition_ids).select_related("handoff")}
    lead_ids = sorted({row.lead_id for row in rows.values()})
    leads = {
        lead.pk: lead for lead in Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update(of=("self",))
    }
    undone = set(Disposition.objects.filter(undoes__in=rows).values_list("undoes_id", flat=True))
    results: list[Answered] = []
    taken_back: list[tuple[Disposition, Disposition, Lead]] = []
    for pk in disposition_ids:
        row = rows.get(pk)
        answer = Answer(row.lead_id if row else pk, user_id, DispositionKind.UNDONE, now)
        lead = leads.get(row.lead_id) if row else None
        if row is None or lead is None or row.kind == DispositionKind.UNDONE:
            results.append(Answered(answer, None, "not_found", "There is no such answer."))
        elif pk in undone:
            results.append(Answered(answer, None, "invalid_transition", "This answer was taken back already."))
        elif lead.stage != STAGE_OF[DispositionKind(row.kind)]:
            words = f"This lead is {str(Stage(lead.stage).label).lower()} by now; the answer stands."
            results.append(Answered(answer, None, "invalid_transition", words))
        elif now - row.recorded_at > UNDO_FOR:
            results.append(Answered(answer, None, "invalid_transition", "Answers can be taken back for 30 days."))
        else:
            back = Disposition(
                lead_id=lead.pk, handoff=row.handoff, kind=DispositionKind.UNDONE, undoes=row, user_id=user_id,
                decided_at=now, recorded_at=now,
            )  # fmt: skip
            taken_back.append((row, back, lead))
            results.append(Answered(answer, back))
    insert_rows(Disposition, [back for _, back, _ in taken_back])
    _put_back(taken_back, user_id, now=now)
    return results


def _put_back(taken_back: Sequence[tuple[Disposition, Disposition, Lead]], user_id: UUID, *, now: datetime) -> None:
    was_open = {row.pk: row.handoff is not None and row.handoff.state == row.kind for row, _, _ in taken_back}
    reopen_handoffs([row.handoff_id for row, _, _ in taken_back if row.handoff_id and was_open[row.pk]], now=now)
    move_leads(
        [
            Move(
                lead.pk,
                lead.stage,
                Stage.HANDED_OFF if was_open[row.pk] else Stage.ACCEPTED,
                now,
                "undo",
                str(back.pk),
                user_id,
                row.handoff.owner_id if row.handoff else lead.owner_id,
            )
            for row, back, lead in taken_back
        ],
        now=now,
        is_undo=True,
    )
    rejected = [lead.pk for row, _, lead in taken_back if row.kind == DispositionKind.REJECTED]
    Lead.objects.filter(pk__in=rejected, rejections__gt=0).update(rejections=F("rejections") - 1, wakes_on=None)
