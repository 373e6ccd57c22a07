"""Merges people and accounts across all floors: the link, what still runs, the score, the ledger, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from leads.lifecycle import Stage
from leads.merging.accounts import merge_accounts, undo_account_merge
from leads.merging.people import merge_people, undo_merge
from leads.models import Account, AccountMerge, AccountProposal, Lead, Person, PersonMerge, PersonProposal
from leads.transitions import Move, move_leads
from revops.foundation import ledger, outbox
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry, OutboxMessage, User
from revops.portal import journey
from scoring.accounts import mark_accounts
from sla.handoffs import end_merged, latest_handoffs, resume_parted
from sla.models import HandOff

CAUSE = "merge"


def merge(
    survivor: UUID, merged: UUID, taken: Sequence[str], by: User, *, now: datetime,
    proposal: PersonProposal | None = None,
) -> PersonMerge:  # fmt: skip
    """Merges one person into another. Raises MergeRefused. What ran on the hidden lead ends by name."""
    with transaction.atomic():
        done = merge_people(survivor, merged, taken, by, now=now, proposal=proposal)
        if done.merged_lead_id is not None:
            owner_before = latest_handoffs([done.merged_lead_id]).get(done.merged_lead_id)
            ended = end_merged([done.merged_lead_id], by.pk, _reason(done), now=now)
            done.before["handoffs"] = [str(pk) for pk in ended]
            done.save(update_fields=["before"])
            outbox.enqueue(_messages(done, owner_before if ended else None, by, now))
        _judge_again([done.kept_lead_id], done, now)
        _note(by, "person.merged", done.survivor, done, now)
        return done


def undo(merge_id: UUID, by: User, *, now: datetime) -> PersonMerge:
    """Takes a merge back on all floors, also the hand-off it led to, unless sales answered it. Raises MergeRefused."""
    with transaction.atomic():
        done = undo_merge(merge_id, by, now=now)
        if done.kept_lead_id is not None:
            _take_back(done.kept_lead_id, done, by, now)
        if done.merged_lead_id is not None:
            ended = [UUID(pk) for pk in done.before.get("handoffs", [])]
            resume_parted(ended, [done.merged_lead_id], _reason(done), now=now)
        _judge_again([done.kept_lead_id, done.merged_lead_id], done, now)
        _note(by, "person.merge_undone", done.survivor, done, now)
        return done


def merge_companies(
    survivor: UUID, merged: UUID, taken: Sequence[str], by: User, *, now: datetime,
    proposal: AccountProposal | None = None,
) -> AccountMerge:  # fmt: skip
    """Merges one account into another; the sweep judges its leads again. Raises MergeRefused."""
    with transaction.atomic():
        done = merge_accounts(survivor, merged, taken, by, now=now, proposal=proposal)
        mark_accounts(done.moved_leads[:1])
        _note(by, "account.merged", done.survivor, done, now)
        return done


def undo_companies(merge_id: UUID, by: User, *, now: datetime) -> AccountMerge:
    """Takes a merge of accounts back. Raises MergeRefused."""
    with transaction.atomic():
        done = undo_account_merge(merge_id, by, now=now)
        mark_accounts(done.moved_leads[:1])
        _note(by, "account.merge_undone", done.survivor, done, now)
        return done


def final_lead(lead: Lead) -> Lead:
    """The lead that a merged one goes on in. One query for each merge on the way."""
    while lead.merged_into_id is not None:
        lead = Lead.objects.select_related("person", "account", "merged_into").get(pk=lead.merged_into_id)
    return lead


def _take_back(lead_id: UUID, done: PersonMerge, by: User, now: datetime) -> None:
    """What only both together were ready for is withdrawn from sales; marketing keeps the lead."""
    caused = HandOff.objects.open().filter(lead=lead_id, cause_kind=CAUSE, cause_id=done.public_id)
    if caused.exists():
        end_merged([lead_id], by.pk, "The merge was undone.", now=now)
        back = Move(lead_id, Stage.HANDED_OFF, Stage.NURTURE, now, CAUSE, done.public_id, by.pk, None)
        move_leads([back], now=now)


def _reason(done: PersonMerge) -> str:
    return f"Merged into {encode('lead', done.kept_lead_id)}" if done.kept_lead_id else "Merged"


def _judge_again(lead_ids: Sequence[UUID | None], done: PersonMerge, now: datetime) -> None:
    live = Lead.objects.open().live().filter(pk__in=[pk for pk in lead_ids if pk is not None])
    causes = dict.fromkeys(live.values_list("pk", flat=True), done.public_id)
    if causes:
        journey.reconsider(causes, CAUSE, now=now)


def _messages(done: PersonMerge, handoff: HandOff | None, by: User, now: datetime) -> list[OutboxMessage]:
    """Systems learn of every merge, a rep of one that ended their hand-off."""
    kept = encode("lead", done.kept_lead_id)  # type: ignore[arg-type]
    told = [
        OutboxMessage(
            kind="lead.merged", subject_kind="lead", subject_id=done.merged_lead_id, channel="webhook", created_at=now,
            payload={"id": encode("lead", done.merged_lead_id), "merged_into": kept},  # type: ignore[arg-type]
        )
    ]  # fmt: skip
    if handoff is not None and handoff.owner_id is not None and handoff.owner_id != by.pk:
        words = _("A lead of yours was merged into another one. Nothing is late because of it.")
        told.append(
            OutboxMessage(
                kind="lead.merged_away", subject_kind="lead", subject_id=done.merged_lead_id, channel="in_app",
                recipient=str(handoff.owner_id), created_at=now,
                payload={"text": words, "url": f"/leads/{encode('lead', handoff.lead_id)}/"},
            )
        )  # fmt: skip
    return told


def _note(by: User, action: str, subject: Person | Account, done: Any, now: datetime) -> None:
    """Only ids and names of facts: the ledger outlives people."""
    entry = LedgerEntry(
        occurred_at=now, actor=by, action=action, subject_kind=str(subject._meta.model_name), subject_id=subject.pk,
        cause=done.public_id, after={"merged": str(done.merged_id), "taken": list(done.taken)},
    )  # fmt: skip
    ledger.record([entry])
