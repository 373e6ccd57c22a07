"""The journey of a lead, whole: one function per way in, any batch size, one transaction per batch.

    journal → clean → gate → match → score → tier → route → clocks → outbox

Each step is one call of one floor. What arrives together shares a transaction; what fails is split off and kept.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from feedback.corrections import Corrected, Correction, correct_outcomes
from feedback.dispositions import Answer, Answered, record_answers, undo_answers
from feedback.history import record_history
from feedback.models import Outcome
from feedback.outcomes import Recorded, Result, record_outcomes
from feedback.talk_tracks import take_expired
from feedback.undoing_imports import withdraw_outcomes
from leads.acts import ActOnLead, record_acts
from leads.admission import Admission, admit_people
from leads.attempts import Try, log_attempts
from leads.intake import Item, Journalled, hold_as_pending, journal_submissions, rebuilt, settle_pending, take_pending
from leads.models import Attempt, Submission
from leads.models.submissions import OutcomeKind
from leads.transitions import move_leads
from leads.withdrawal import withdraw_submissions
from revops.foundation import outbox
from revops.foundation.round_trips import one_round_trip, plans_kept
from revops.portal import notices
from revops.portal.consents.arriving import settle_consents
from revops.portal.consents.asking import of_those_who_ask_again
from revops.portal.escalating import messages_of
from revops.portal.handover import completed, nurture_moves, requests_for
from revops.portal.merges.from_rejections import propose_named
from scoring.backtest import NewCase, open_cases, take_cases_back
from scoring.qualification import due_for_reevaluation, left_behind, qualify_leads
from sla.clocks import cancel_clocks_of_leads, meet_clocks
from sla.escalation import escalate_due
from sla.handoffs import (
    HandOffAnswer,
    answer_handoffs,
    complete_details,
    hand_off_leads,
    latest_handoffs,
    route_waiting,
)
from sla.pool import Taken, take_next

logger = logging.getLogger(__name__)

FEW_TOGETHER = 32
"""Up to so many submissions planning the statements costs more than running them."""
MOST_CULPRITS = 5
"""After so many submissions that fail alone, a batch is no longer searched for more of them."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender gets: the submission's id and what became of it ("pending" if that is not decided yet)."""

    submission_id: UUID
    outcome: str
    lead_id: UUID | None = None
    detail: str = ""
    is_repeat: bool = False


def admit(items: Sequence[Item], *, now: datetime) -> list[Receipt]:
    """Takes submissions through the whole journey, in order; durable when it returns.

    The journal is written first. If the rest fails, the batch is halved until the culprit stands alone; that one
    stays journalled as pending, with its error, for the sweep. If many stand alone, something else is broken: then
    all that is left waits.
    """
    with transaction.atomic(), plans_kept() if len(items) <= FEW_TOGETHER else nullcontext():
        entries = journal_submissions(items, now=now)
        fresh = _Splitting(now).admit([entry for entry in entries if not entry.is_repeat])
        return [fresh.get(entry.submission.pk) or _earlier(entry) for entry in entries]


@dataclass(slots=True)
class _Splitting:
    """One batch on its way, in parts if it must be; counts the culprits it found.

    What was held up, in quarantine or by a failure, is sales' to answer from now on, not from its receipt.
    """

    now: datetime
    released: bool = False
    held_up: bool = False
    culprits: int = 0

    def admit(self, entries: Sequence[Journalled]) -> dict[UUID, Receipt]:
        if not entries:
            return {}
        try:
            with transaction.atomic():
                not_before = self.now if self.held_up else None
                receipts = _process(entries, now=self.now, released=self.released, not_before=not_before)
                return {receipt.submission_id: receipt for receipt in receipts}
        except Exception as error:  # noqa: BLE001 - whatever it is, the submission is kept
            if len(entries) == 1 or self.culprits >= MOST_CULPRITS:
                self.culprits += 1
                return self._hold(entries, error)
            half = len(entries) // 2
            first = self.admit(entries[:half])
            return first | self.admit(entries[half:])

    def _hold(self, entries: Sequence[Journalled], error: Exception) -> dict[UUID, Receipt]:
        logger.error("%d submissions could not be processed and wait as pending", len(entries), exc_info=error)
        hold_as_pending(entries, f"{type(error).__name__}: {error}", now=self.now)
        words = "Received; it is being looked at."
        return {e.submission.pk: Receipt(e.submission.pk, "pending", detail=words) for e in entries}


def _process(
    entries: Sequence[Journalled], *, now: datetime, released: bool, not_before: datetime | None
) -> list[Receipt]:
    admissions = admit_people(entries, now=now, released=released)
    settle_consents(admissions, now=now)
    record_history(admissions, now=now)
    live = [a for a in admissions if a.lead is not None and not a.lead.is_history]
    past = {a.lead.pk: a.at for a in admissions if a.lead is not None and a.lead.is_history}
    as_of = {a.lead.pk: a.at for a in live if a.lead}
    new = {a.lead.pk for a in live if a.lead and a.outcome == OutcomeKind.NEW}
    shut_out = _qualify(as_of, _causes(live), "submission", now=now, not_before=not_before, unjudged=new)
    _complete(live, now=now)
    own = [a for a in live if not (a.entry.item.is_row or a.entry.item.is_history)]
    _tell_of_askers({a.lead.pk: a.entry.submission.received_at for a in own if a.lead}, shut_out, now=now)
    qualify_leads(list(past), as_of=past, now=now, cause_kind="history")
    return [Receipt(a.entry.submission.pk, a.outcome, a.lead.pk if a.lead else None, a.detail) for a in admissions]


def _complete(admissions: Sequence[Admission], *, now: datetime) -> None:
    """A further submission may bring what sales was promised: that meets marketing's details clock."""
    attached = {a.lead.pk: a.at for a in admissions if a.lead is not None and a.outcome == "attached"}
    complete_details({lead_id: attached[lead_id] for lead_id in completed(attached)}, now=now)


def _causes(admissions: Sequence[Admission]) -> dict[UUID, str]:
    return {a.lead.pk: a.entry.submission.receipt for a in admissions if a.lead is not None}


def _qualify(
    as_of: Mapping[UUID, datetime],
    causes: Mapping[UUID, str],
    cause_kind: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
    unjudged: Collection[UUID] = (),
) -> set[UUID]:
    """Scores leads, hands the ready ones to sales, leaves the others to marketing, and tells whom it concerns.

    Returns the leads that a rule shuts out.
    """
    qualified = qualify_leads(
        list(as_of), as_of=as_of, now=now, cause_kind=cause_kind, cause_ids=causes, unjudged=unjudged
    )
    requests = requests_for(qualified, as_of, causes, cause_kind, not_before=not_before)
    handed_off = hand_off_leads(requests, now=now)
    with one_round_trip(len(handed_off)):
        open_cases([NewCase(h.pk, h.lead_id, h.score_decision_id, h.handed_off_at, h.owner_id) for h in handed_off])
        outbox.enqueue(notices.of_handoffs(handed_off))
    requested = {request.lead_id for request in requests}
    move_leads(nurture_moves(qualified, requested, as_of, causes, cause_kind), now=now)
    return {one.lead_id for one in qualified if one.disqualified_by}


def _tell_of_askers(received: Mapping[UUID, datetime], shut_out: Collection[UUID], *, now: datetime) -> None:
    """Somebody who must not be contacted and asks all the same reaches no rep, so a person hears of it."""
    outbox.enqueue(of_those_who_ask_again({pk: at for pk, at in received.items() if pk in shut_out}, now))


def _earlier(entry: Journalled) -> Receipt:
    outcome = entry.submission.outcomes.order_by("-pk").first()
    if outcome is None:
        return Receipt(entry.submission.pk, "pending", is_repeat=True)
    return Receipt(entry.submission.pk, outcome.kind, outcome.lead_id, outcome.detail, is_repeat=True)


def release(submission_ids: Sequence[UUID], *, now: datetime) -> list[Receipt]:
    """Lets quarantined submissions in because a person said so; what is not in quarantine is left alone."""
    with transaction.atomic():
        waiting = Submission.objects.filter(pk__in=submission_ids).quarantined().select_related("body")
        entries = [rebuilt(submission) for submission in waiting.select_for_update(of=("self",))]
        return list(_Splitting(now, released=True, held_up=True).admit(entries).values())


def withdraw(job_id: UUID, actor_id: UUID | None, *, now: datetime) -> tuple[int, int]:
    """Takes an import back, also from the reps who were given its leads: (submissions withdrawn, leads hidden)."""
    with transaction.atomic():
        submissions, hidden = withdraw_submissions(job_id, now=now, actor_id=actor_id)
        answer_handoffs(
            [
                HandOffAnswer(handoff.pk, "withdrawn", by_id, now, gives_turn_back=True)
                for handoff in latest_handoffs(hidden).values()
                if handoff.state == "open" and (by_id := actor_id or handoff.owner_id)
            ],
            now=now,
        )
        cancel_clocks_of_leads(hidden, at=now, reason="The import was undone.")
        take_cases_back(hidden)
        return submissions, len(hidden)


def finish_pending(*, now: datetime, limit: int = 500) -> int:
    """The sweep: gives submissions that failed another try. Returns how many are settled now."""
    with transaction.atomic():
        entries = take_pending(now=now, limit=limit)
        receipts = _Splitting(now, held_up=True).admit(entries)
        return settle_pending([pk for pk, receipt in receipts.items() if receipt.outcome != "pending"])


def record_signals(acts: Sequence[ActOnLead], *, now: datetime) -> list[bool]:
    """Records acts of known people and scores their leads anew. Says for each act whether it was new."""
    with transaction.atomic():
        is_new = record_acts(acts)
        fresh = [act for act, new in zip(acts, is_new, strict=True) if new]
        as_of = {act.lead_id: act.received_at for act in sorted(fresh, key=lambda act: act.received_at)}
        shut_out = _qualify(as_of, {act.lead_id: act.act.kind for act in fresh}, "signal", now=now)
        _tell_of_askers(as_of, shut_out, now=now)
        return is_new


def decide(answers: Sequence[Answer], *, now: datetime) -> list[Answered]:
    """Records sales' answers. What an answer tells the outside world waits 30 seconds for an undo."""
    with transaction.atomic():
        answered = record_answers(answers, now=now)
        outbox.enqueue(notices.of_answers(answered, now=now))
        propose_named(answered, now=now)
        return answered


def undo(disposition_ids: Sequence[UUID], user_id: UUID, *, now: datetime) -> list[Answered]:
    """Takes answers back and withdraws what has not left the house yet."""
    with transaction.atomic():
        answered = undo_answers(disposition_ids, user_id, now=now)
        outbox.cancel("lead", [a.answer.lead_id for a in answered if a.disposition], now, notices.ANSWER_KINDS)
        return answered


def log_tries(tries: Sequence[Try], *, now: datetime) -> list[Attempt]:
    """Logs attempts; the first one on a lead meets its first-contact clock."""
    with transaction.atomic():
        attempts = log_attempts(tries, now=now)
        meet_clocks("first_contact", attempts, now=now)
        return attempts


def conclude(results: Sequence[Result], *, now: datetime) -> list[Recorded]:
    """Records what became of leads."""
    with transaction.atomic():
        return record_outcomes(results, now=now)


def take_outcomes_back(outcomes: Sequence[Outcome], actor_id: UUID | None, *, now: datetime) -> list[Corrected]:
    """Withdraws imported outcomes, at most one of each lead; what cannot be withdrawn says why."""
    with transaction.atomic():
        return withdraw_outcomes(outcomes, actor_id, now=now)


def correct(corrections: Sequence[Correction], *, now: datetime) -> list[Corrected]:
    """Restates or withdraws outcomes."""
    with transaction.atomic():
        return correct_outcomes(corrections, now=now)


def tell_expired_tracks(*, now: datetime) -> int:
    """The sweep: tells owners of talk tracks that are no longer shown. Returns how many."""
    with transaction.atomic():
        expired = take_expired(now=now)
        outbox.enqueue(notices.of_expired_tracks(expired, now=now))
        return len(expired)


def deal_waiting(*, now: datetime) -> int:
    """The sweep: tries again to find somebody for hand-offs that nobody could take. Returns how many have one now."""
    with transaction.atomic():
        return len(route_waiting(now=now))


def escalate(*, now: datetime) -> int:
    """The sweep: takes the steps of the ladder that are due and tells whom they concern. Returns how many."""
    with transaction.atomic():
        steps = escalate_due(now=now)
        outbox.enqueue(messages_of(steps, now) if steps else ())
        return len(steps)


def pull_next(user_id: UUID, *, now: datetime) -> Taken | None:
    """Gives somebody the next lead of the pool; whoever had it is told. Raises NotInRouting."""
    with transaction.atomic():
        taken = take_next(user_id, now=now)
        if taken is not None:
            outbox.enqueue(notices.of_taken(taken, user_id, now=now))
        return taken


def catch_up(*, now: datetime, limit: int = 2000) -> int:
    """The sweep: scores leads that no rulebook, or an earlier one, judged last. Returns how many."""
    behind = left_behind(limit)
    return rescore(behind, now=now, rulebook="live") if behind else 0


def rescore(lead_ids: Sequence[UUID], *, now: datetime, rulebook: str) -> int:
    """Scores leads by a newly published rulebook, in one transaction. Returns how many."""
    with transaction.atomic():
        _qualify(dict.fromkeys(lead_ids, now), dict.fromkeys(lead_ids, rulebook), "rulebook", now=now)
        return len(lead_ids)


def reconsider(causes: Mapping[UUID, str], cause_kind: str, *, now: datetime) -> None:
    """Scores leads again because something about who acts changed, and hands off those that are ready now."""
    with transaction.atomic():
        _qualify(dict.fromkeys(causes, now), causes, cause_kind, now=now)


def reevaluate(*, now: datetime, limit: int = 5000) -> int:
    """The sweep: scores leads whose points change by the passing of time alone. Returns how many."""
    with transaction.atomic():
        due = due_for_reevaluation(now, limit)
        _qualify(dict.fromkeys(due, now), {}, "time", now=now)
        return len(due)
