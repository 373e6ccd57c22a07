"""The journal: writes down everything received, before anything is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from leads.models import PendingSubmission, Submission, SubmissionBody
from leads.models.submissions import Channel
from revops.foundation.bulk import insert_rows, insert_values, new_rows
from revops.foundation.round_trips import one_round_trip

RETRY_AFTER = timedelta(seconds=30)
"""How long the sweep waits before it tries a pending submission again; doubled with each attempt."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing received, as its sender gave it.

    `payload` holds facts under the names of `leads.cleaning` (email, company, need …) plus `attributes`, `signals`,
    `utm` and, for history, `history`. What did not parse comes as `raw` with the `refusal` that tells the sender why.
    `dedupe_key` marks things that may arrive twice (rows of a file): the second time changes nothing.
    A way in that smells a rat says so in the payload, as `hold`: {"rule": its name, "detail": why, in words}. Such a
    submission waits in quarantine, also after a crash, because the payload is what is kept.
    With `after_gate` it waits only if the gate would let it in, like what its sender has still to confirm.
    `continues` (the receipt of an earlier submission) says that it only adds to that one: it is no further enquiry.
    `consent` holds words that the sender agreed to; the journey writes them into the consent ledger.
    """

    source_id: UUID
    channel: str
    payload: dict[str, Any] | None
    raw: str = ""
    refusal: str = ""
    external_id: str = ""
    dedupe_key: str | None = None
    received_at: datetime | None = None
    occurred_at: datetime | None = None
    is_history: bool = False
    job_id: UUID | None = None
    line: int | None = None
    sender_id: UUID | None = None
    campaign_key: str = ""

    @property
    def is_row(self) -> bool:
        """Whether a colleague sent it in a list: then nobody saw the person do more than it names."""
        return self.channel == Channel.IMPORT


@dataclass(slots=True)
class Journalled:
    """An item with its row in the journal; `is_repeat` if the same thing was journalled before."""

    item: Item
    submission: Submission
    is_repeat: bool = False
    released: bool = field(default=False)


def journal_submissions(items: Sequence[Item], *, now: datetime) -> list[Journalled]:
    """Writes every item into the journal, in order. Three queries at most, whatever their number."""
    known = _known(items)
    journalled: list[Journalled] = []
    for item, submission in zip(items, _submissions(items, now), strict=True):
        key = (item.source_id, item.dedupe_key)
        if item.dedupe_key is not None and key in known:
            journalled.append(Journalled(item, known[key], is_repeat=True))
            continue
        if item.dedupe_key is not None:
            known[key] = submission
        journalled.append(Journalled(item, submission))
    fresh = [entry for entry in journalled if not entry.is_repeat]
    with one_round_trip(len(fresh)):
        insert_rows(Submission, [entry.submission for entry in fresh])
        insert_values(
            SubmissionBody,
            [
                {"submission_id": entry.submission.pk, "payload": entry.item.payload, "raw": entry.item.raw}
                for entry in fresh
            ],
        )
    return journalled


def _submissions(items: Sequence[Item], now: datetime) -> list[Submission]:
    return new_rows(
        Submission,
        [
            {
                "source_id": item.source_id,
                "channel": item.channel,
                "external_id": item.external_id,
                "dedupe_key": item.dedupe_key,
                "received_at": item.received_at or now,
                "occurred_at": item.occurred_at,
                "is_history": item.is_history,
                "job_id": item.job_id,
                "line": item.line,
                "sender_id": item.sender_id,
            }
            for item in items
        ],
    )


def _known(items: Sequence[Item]) -> dict[tuple[UUID, str | None], Submission]:
    keys = {item.dedupe_key for item in items if item.dedupe_key is not None}
    if not keys:
        return {}
    sources = {item.source_id for item in items}
    found = Submission.objects.filter(source_id__in=sources, dedupe_key__in=keys)
    return {(submission.source_id, submission.dedupe_key): submission for submission in found}


def hold_as_pending(entries: Sequence[Journalled], error: str, *, now: datetime) -> None:
    """Keeps journalled submissions for the sweep, with the error that stopped them; each failure doubles the wait."""
    tried = dict(
        PendingSubmission.objects.filter(submission__in=[entry.submission.pk for entry in entries]).values_list(
            "submission_id", "attempts"
        )
    )
    rows = []
    for entry in entries:
        attempts = tried.get(entry.submission.pk, 0) + 1
        wait = RETRY_AFTER * 2 ** min(attempts - 1, 10)
        rows.append(
            PendingSubmission(submission=entry.submission, error=error[:2000], attempts=attempts, retry_at=now + wait)
        )
    PendingSubmission.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["submission"],
        update_fields=["error", "attempts", "retry_at"],
    )


def take_pending(*, now: datetime, limit: int = 500) -> list[Journalled]:
    """Claims pending submissions that are due, locked until the transaction ends, ready for another try."""
    due = (
        PendingSubmission.objects.select_related("submission__body")
        .filter(retry_at__lte=now)
        .order_by("retry_at")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    return [rebuilt(row.submission) for row in due]


def settle_pending(submission_ids: Sequence[UUID]) -> int:
    """Removes the pending mark of submissions that have their outcome now. Returns how many."""
    return PendingSubmission.objects.filter(submission_id__in=submission_ids).delete()[0]


def rebuilt(submission: Submission) -> Journalled:
    """The item behind a journalled submission, as it was received."""
    item = Item(
        source_id=submission.source_id,
        channel=submission.channel,
        payload=submission.body.payload,
        raw=submission.body.raw,
        external_id=submission.external_id,
        received_at=submission.received_at,
        occurred_at=submission.occurred_at,
        is_history=submission.is_history,
        job_id=submission.job_id,
        line=submission.line,
        sender_id=submission.sender_id,
    )
    return Journalled(item, submission)
