"""Erases people on all floors at once: from files, tables, the packed past, sessions; what was decided stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from leads.lifecycle import Stage
from leads.models import Lead, Person
from leads.silence import keep_silence
from leads.transitions import Move, move_leads
from revops.foundation import ledger, outbox
from revops.foundation.erasing import NOBODY, Subject, erase_holdings, erasing
from revops.foundation.ids import encode
from revops.foundation.mentions import Mention, take_out_mentions, take_out_of_sessions
from revops.foundation.models import LedgerEntry, OutboxMessage, User
from revops.portal.privacy.files import erase_in_files
from revops.portal.privacy.holdings import HOLDINGS, subject_of
from scoring.erasing import forget_people
from sla.handoffs import end_merged

ERASED_EVENT = "lead.erased"
REASON = "The person was erased."


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure changed: rows by table, files, and texts of others that named them (taken out, or left)."""

    people: int
    leads: int
    files: int
    counts: dict[str, int]
    mentions: list[Mention] = field(default_factory=list)

    @property
    def left(self) -> list[Mention]:
        return [mention for mention in self.mentions if mention.is_left]


def erase_people(
    people: Collection[UUID], by: User | None, now: datetime, *, said: str = "", cause: str = "",
    keeps_silence: bool = False, sweeps: bool = True,
) -> Erasure:  # fmt: skip
    """Takes people, all merged into them, and an address that nobody has (`said`) out of the portal, for good.

    With `sweeps` every table is looked through for their addresses, numbers and full names, also in texts about
    others; that reads the whole database. Without, only what is theirs by id goes. `keeps_silence` remembers their
    addresses as keyed hashes. Files come first: if anything fails, nothing is forgotten, and the next try goes on.
    """
    with transaction.atomic(), erasing():
        subject = _locked(people, said)
        files = erase_in_files(subject)
        if keeps_silence:
            keep_silence(subject.emails, now)
        _let_go(subject, by, cause, now)
        counts = erase_holdings(HOLDINGS, subject, now)
        forget_people(subject.leads)
        take_out_of_sessions(subject.pattern) if subject.pattern != NOBODY else 0
        mentions = take_out_mentions(subject) if sweeps else []
        _tell(subject, by, cause, now)
    return Erasure(len(subject.people), len(subject.leads), files, counts, mentions)


def _locked(people: Collection[UUID], said: str) -> Subject:
    """Who is meant, with leads locked before people, both in the order of their ids, as everywhere."""
    before = subject_of(people, said)
    list(Lead.objects.filter(pk__in=before.leads).order_by("pk").select_for_update().values_list("pk"))
    list(Person.objects.filter(pk__in=before.people).order_by("pk").select_for_update().values_list("pk"))
    return subject_of(people, said)


def _let_go(subject: Subject, by: User | None, cause: str, now: datetime) -> None:
    """Nobody works on them any more: open hand-offs are withdrawn, at nobody's cost; promises end; messages stay."""
    by_id = by.pk if by else None
    outbox.cancel("lead", subject.leads, now)
    outbox.cancel("person", subject.people, now)
    outbox.cancel("submission", subject.submissions, now)
    end_merged(list(subject.leads), by_id, REASON, now=now)
    waiting = Lead.objects.filter(pk__in=subject.leads, stage=Stage.HANDED_OFF, is_history=False)
    moves = [
        Move(pk, Stage.HANDED_OFF, Stage.NURTURE, now, "erasure", cause, by_id, None)
        for pk in waiting.values_list("pk", flat=True)
    ]
    move_leads(moves, now=now)


def _tell(subject: Subject, by: User | None, cause: str, now: datetime) -> None:
    """Systems learn which leads lost their person; the ledger says who did it, for which request."""
    outbox.enqueue(
        OutboxMessage(
            kind=ERASED_EVENT, subject_kind="lead", subject_id=lead_id, channel="webhook", created_at=now,
            payload={"id": encode("lead", lead_id)},
        )
        for lead_id in subject.leads
    )  # fmt: skip
    ledger.record(
        LedgerEntry(
            occurred_at=now, actor=by, actor_label="" if by else "system: retention", action="person.erased",
            subject_kind="person", subject_id=pk, cause=cause,
        )
        for pk in subject.people
    )  # fmt: skip
