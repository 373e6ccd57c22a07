"""Sales' answers: accept, reject with a reason and its evidence, return to nurture, and the undo of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F

from feedback.evidence import check_evidence, in_words, wakes_on
from feedback.labels import refresh_labels
from feedback.models import Disposition, DispositionKind, EvidenceKind, NurtureTrack, ReasonCode
from feedback.second_look import NOTHING_AROUND, SHORTEST_LOOK, SecondLook, Surroundings, second_look
from feedback.surroundings import surroundings_of
from leads.attempts import Persistence, persistence_of
from leads.lifecycle import Stage, can_move
from leads.models import Lead
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows, update_rows
from sla.clocks import cancel_clocks_of_leads
from sla.handoffs import HandOffAnswer, answer_handoffs, latest_handoffs, reopen_handoffs
from sla.models import HandOff

UNDO_FOR = timedelta(days=30)

STAGE_OF = {
    DispositionKind.ACCEPTED: Stage.ACCEPTED,
    DispositionKind.REJECTED: Stage.REJECTED,
    DispositionKind.RETURNED: Stage.NURTURE,
}
"""Where each answer puts the lead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a lead. A rejection names a reason code and the evidence that code asks for.

    `second_look` says what a second look found; it is kept only where one was asked for. A return may name the code
    of a `track` (empty: the usual one) and the day on which to look again.
    """

    lead_id: UUID
    user_id: UUID
    kind: str
    at: datetime
    reason: str = ""
    evidence: str = ""
    note: str = ""
    decision_ms: int | None = None
    second_look: str = ""
    track: str = ""
    wakes_on: date | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer: its row, or `refusal` in words with a `code` for machines.

    `code` is one of lead_taken, invalid_transition, not_found, unknown_reason, missing_evidence, bad_evidence,
    no_response_locked, second_look_needed (then `look` says why), unknown_track, bad_wake_date.
    """

    answer: Answer
    disposition: Disposition | None
    code: str = ""
    refusal: str = ""
    look: SecondLook | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What answers are checked against, read once for all of them."""

    handoffs: Mapping[UUID, HandOff]
    reasons: Mapping[str, ReasonCode]
    tried: Mapping[UUID, Persistence]
    around: Mapping[UUID, Surroundings]
    tracks: Mapping[str, NurtureTrack]
    now: datetime

    def look(self, answer: Answer) -> SecondLook | None:
        """What speaks against closing the lead of a rejection."""
        reason = self.reasons[answer.reason]
        return second_look(
            self.around.get(answer.lead_id, NOTHING_AROUND),
            f"{answer.evidence} {answer.note}",
            is_dated=reason.is_dated,
            today=self.now.date(),
        )


def record_answers(answers: Sequence[Answer], *, now: datetime) -> list[Answered]:
    """Records answers in order. Leads are locked, so of two people who answer at once one wins, the other is told.

    A constant number of queries, whatever the number of answers. One answer per lead and call.
    """
    ids = sorted({answer.lead_id for answer in answers})
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))}
    known = _known(answers, leads, now)
    results: list[Answered] = []
    accepted: list[tuple[Answer, Disposition, Lead]] = []
    for answer in answers:
        lead = leads.get(answer.lead_id)
        refused = _check(answer, lead, known)
        if refused or lead is None:
            results.append(refused or Answered(answer, None, "not_found", "There is no such lead."))
            continue
        row = _row(answer, known)
        accepted.append((answer, row, lead))
        results.append(Answered(answer, row))
    insert_rows(Disposition, [row for _, row, _ in accepted])
    _carry_out(accepted, known)
    refresh_labels(row.lead_id for _, row, _ in accepted)
    return results


def second_looks(leads: Sequence[Lead], handoffs: Mapping[UUID, HandOff], *, now: datetime) -> dict[UUID, SecondLook]:
    """What would speak against closing these leads, whatever the words; leads without it are left out."""
    around = surroundings_of(leads, handoffs, now=now)
    looks = {pk: second_look(found, "", is_dated=False, today=now.date()) for pk, found in around.items()}
    return {pk: look for pk, look in looks.items() if look is not None}


def _known(answers: Sequence[Answer], leads: Mapping[UUID, Lead], now: datetime) -> _Known:
    ids = list(leads)
    handoffs = latest_handoffs(ids)
    rejected = [leads[a.lead_id] for a in answers if a.kind == DispositionKind.REJECTED and a.lead_id in leads]
    returned = any(answer.kind == DispositionKind.RETURNED for answer in answers)
    reasons = {reason.code: reason for reason in ReasonCode.objects.filter(is_active=True)}
    counted = {code for code, reason in reasons.items() if reason.evidence_kind == EvidenceKind.ATTEMPTS}
    return _Known(
        handoffs=handoffs,
        reasons=reasons,
        tried=persistence_of(ids) if any(answer.reason in counted for answer in answers) else {},
        around=surroundings_of(rejected, handoffs, now=now) if rejected else {},
        tracks=_tracks() if returned else {},
        now=now,
    )


def _tracks() -> dict[str, NurtureTrack]:
    """Tracks in use by their code; the usual one also by the empty text."""
    found = {track.code: track for track in NurtureTrack.objects.filter(is_active=True)}
    usual = next((track for track in found.values() if track.is_default), None)
    return found if usual is None else {**found, "": usual}


def _check(answer: Answer, lead: Lead | None, known: _Known) -> Answered | None:
    """Why an answer does not count; None if it does."""
    code, refusal, look = "", "", None
    if lead is None:
        code, refusal = "not_found", "There is no such lead."
    elif not can_move(lead.stage, STAGE_OF[DispositionKind(answer.kind)]):
        code, refusal = _taken(lead, known.handoffs.get(answer.lead_id), known.now)
    elif answer.kind == DispositionKind.RETURNED:
        code, refusal = _check_return(answer, known)
    elif answer.kind == DispositionKind.REJECTED:
        reason = known.reasons.get(answer.reason)
        if reason is None:
            code, refusal = "unknown_reason", "Choose a reason from the list; this one is not in it."
        else:
            code, refusal = check_evidence(reason, answer.evidence, known.tried.get(answer.lead_id, Persistence()))
            if not code and len(answer.second_look.strip()) < SHORTEST_LOOK:
                look = known.look(answer)
        if look is not None:
            code = "second_look_needed"
            refusal = f"{look.words} Return it for later with a day, or say what a second look found."
    return Answered(answer, None, code, refusal, look) if code else None


def _check_return(answer: Answer, known: _Known) -> tuple[str, str]:
    if answer.track and answer.track not in known.tracks:
        return "unknown_track", "Choose a track from the list; this one is not in it."
    if answer.wakes_on is not None and answer.wakes_on <= known.now.date():
        return "bad_wake_date", "Choose a day after today to look again."
    return "", ""


def _taken(lead: Lead, handoff: HandOff | None, now: datetime) -> tuple[str, str]:
    stage = Stage(lead.stage).label
    if handoff is not None and handoff.answered_by is not None and handoff.answered_at is not None:
        ago = max(now - handoff.answered_at, timedelta())
        state = handoff.get_state_display().lower()
        return "lead_taken", f"{handoff.answered_by.name} {state} this lead {in_words(ago)} ago."
    return "invalid_transition", f"This lead is {str(stage).lower()}; that answer is not possible now."


def _row(answer: Answer, known: _Known) -> Disposition:
    is_rejection = answer.kind == DispositionKind.REJECTED
    reason = known.reasons[answer.reason] if is_rejection else None
    evidence = answer.evidence.strip()[:500] if is_rejection else ""
    if reason is not None and reason.evidence_kind == EvidenceKind.ATTEMPTS:
        count = known.tried[answer.lead_id]
        evidence = f"{count.attempts} attempts on {count.channels} channels"
    is_return = answer.kind == DispositionKind.RETURNED
    asked = answer.second_look.strip() if is_rejection and answer.second_look and known.look(answer) else ""
    return Disposition(
        lead_id=answer.lead_id,
        handoff=known.handoffs.get(answer.lead_id),
        kind=answer.kind,
        reason=reason,
        evidence=evidence,
        note=answer.note.strip()[:2000],
        second_look=asked[:300],
        track=known.tracks.get(answer.track) if is_return else None,
        wakes_on=wakes_on(reason, evidence, answer.at.date()) if reason else answer.wakes_on if is_return else None,
        user_id=answer.user_id,
        decided_at=answer.at,
        recorded_at=known.now,
        decision_ms=answer.decision_ms,
    )


def _carry_out(accepted: Sequence[tuple[Answer, Disposition, Lead]], known: _Known) -> None:
    handoffs, now = known.handoffs, known.now
    answer_handoffs(
        [
            HandOffAnswer(
                handoff_id=handoffs[lead.pk].pk,
                state=answer.kind,
                user_id=answer.user_id,
                at=answer.at,
                gives_turn_back=answer.kind == "rejected" and known.reasons[answer.reason].is_creditable,
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
    sleepers = []
    for _answer, row, lead in accepted:
        if row.wakes_on is not None:
            lead.wakes_on = row.wakes_on
            sleepers.append(lead)
    update_rows(Lead, sleepers, ["wakes_on"])


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
    refresh_labels(back.lead_id for _, back, _ in taken_back)
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
    asleep = [lead.pk for row, _, lead in taken_back if row.kind == DispositionKind.RETURNED and row.wakes_on]
    Lead.objects.filter(pk__in=asleep).update(wakes_on=None)
    rejected = [lead.pk for row, _, lead in taken_back if row.kind == DispositionKind.REJECTED]
    Lead.objects.filter(pk__in=rejected, rejections__gt=0).update(rejections=F("rejections") - 1, wakes_on=None)
