"""The only way out: messages are rows written with their cause and delivered by workers, at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from revops.foundation import doorbell
from revops.foundation.bulk import insert_rows
from revops.foundation.delivery.lanes import Delivered, send_due
from revops.foundation.models import Channel, MessageState, Notice, OutboxMessage, User

UNDO_WINDOW = timedelta(seconds=30)
DELIVER = "foundation.deliver_outbox"
"""The task that a worker is woken for."""
Telling = Callable[[Sequence[tuple[User, OutboxMessage]], datetime], None]


def enqueue(messages: Iterable[OutboxMessage]) -> None:
    """Write unsaved messages in the caller's transaction. One statement, however many.

    For what can be undone set `available_at = created_at + UNDO_WINDOW`; left empty, it is the creation. The payload
    of a message to a person (channel “in the portal”) holds `text` and `url`: their settings decide how it is told.
    """
    rows = list(messages)
    for row in rows:
        row.available_at = row.available_at or row.created_at
    insert_rows(OutboxMessage, rows)
    if any(row.available_at <= row.created_at for row in rows):
        doorbell.ring_after_commit(DELIVER, at_most_every=1.0)


def cancel(subject_kind: str, subject_ids: Iterable[UUID], now: datetime, kinds: Iterable[str] = ()) -> int:
    """Take back what has not left yet about these subjects (of `kinds`, or of any). Answers how many."""
    waiting = OutboxMessage.objects.filter(
        subject_kind=subject_kind, subject_id__in=list(subject_ids), state=MessageState.WAITING
    )
    chosen = list(kinds)
    if chosen:
        waiting = waiting.filter(kind__in=chosen)
    return waiting.update(state=MessageState.CANCELLED, finished_at=now)


def deliver_due(now: datetime, limit: int = 500) -> Delivered:
    """Deliver what is due, up to `limit` messages. Call it outside a transaction: it opens its own short ones.

    Several workers may do this at once; a message abandoned by a dead worker is taken over when its lease ends. What
    goes to one recipient never waits for another: each has a lane, and lanes run side by side.
    """
    round_ = Delivered()
    _deliver_notices(now, limit, round_)
    send_due(now, limit, round_)
    return round_


def send_again(message_ids: Iterable[UUID], now: datetime) -> int:
    """Give messages that were given up another whole schedule, with the ids they had. Answers how many."""
    given_up = OutboxMessage.objects.filter(pk__in=list(message_ids), state=MessageState.FAILED)
    sent = given_up.update(state=MessageState.WAITING, available_at=now, attempts=0, finished_at=None)
    if sent:
        doorbell.ring_after_commit(DELIVER)
    return sent


def register_telling(tell: Telling) -> None:
    """Say what becomes of messages to persons (channel “in the portal”): notices, and whatever their settings ask."""
    global _tell  # noqa: PLW0603 - one house, one way of telling
    _tell = tell


# --- messages to persons ---------------------------------------------------------------------------------------------
def _deliver_notices(now: datetime, limit: int, round_: Delivered) -> None:
    """Notices, what else a person's settings ask for, and the end of their messages commit together: exactly once."""
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(state=MessageState.WAITING, channel=Channel.IN_APP, available_at__lte=now)
            .order_by("available_at")[:limit]
        )
        people = {str(user.pk): user for user in User.objects.filter(pk__in=_user_ids(rows))}
        reached = [row for row in rows if row.recipient in people]
        lost = [row.pk for row in rows if row.recipient not in people]
        if reached:
            _tell([(people[row.recipient], row) for row in reached], now)
        done = OutboxMessage.objects.filter(pk__in=[row.pk for row in reached])
        done.update(state=MessageState.DELIVERED, attempts=F("attempts") + 1, finished_at=now)
        OutboxMessage.objects.filter(pk__in=lost).update(
            state=MessageState.FAILED, attempts=F("attempts") + 1, finished_at=now, last_error=_("No such user.")
        )
    round_.delivered += len(reached)
    round_.failed += len(lost)


def notice_of(user: User, message: OutboxMessage, now: datetime) -> Notice:
    """The notice in the portal that says what a message says, unsaved."""
    return Notice(
        user=user,
        message=message,
        kind=message.kind,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        text=message.payload.get("text") or message.kind,
        url=message.payload.get("url", ""),
        created_at=now,
    )


def _only_notices(told: Sequence[tuple[User, OutboxMessage]], now: datetime) -> None:
    Notice.objects.bulk_create(notice_of(user, message, now) for user, message in told)


def _user_ids(rows: list[OutboxMessage]) -> list[UUID]:
    found = []
    for row in rows:
        try:
            found.append(UUID(row.recipient))
        except ValueError:
            continue
    return found


_tell: Telling = _only_notices
