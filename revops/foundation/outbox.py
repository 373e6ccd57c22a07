"""The only way out: messages are rows written with their cause and delivered by workers, at least once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from revops.foundation import doorbell
from revops.foundation.bulk import insert_rows
from revops.foundation.models import Channel, MessageState, Notice, OutboxMessage, User

UNDO_WINDOW = timedelta(seconds=30)
LEASE = timedelta(seconds=60)
RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)  # the schedule of the Standard Webhooks specification

Deliverer = Callable[[OutboxMessage], None]


class DeliveryRefused(Exception):
    """The recipient can never be reached like this: trying again is useless."""


class NobodyListens(Exception):
    """There is no recipient at all, so the message is withdrawn."""


@dataclass
class Delivered:
    """What one round of deliveries came to."""

    delivered: int = 0
    postponed: int = 0
    failed: int = 0
    withdrawn: int = 0


def enqueue(messages: Iterable[OutboxMessage]) -> None:
    """Write unsaved messages in the caller's transaction. One statement, however many.

    For what can be undone set `available_at = created_at + UNDO_WINDOW`; left empty, it is the creation. The payload
    of notices holds `text` and `url`, that of e-mails `subject`, `text` and optionally `html`.
    """
    rows = list(messages)
    for row in rows:
        row.available_at = row.available_at or row.created_at
    insert_rows(OutboxMessage, rows)
    if any(row.available_at <= row.created_at for row in rows):
        from revops.foundation.tasks import deliver_outbox

        doorbell.ring_after_commit(deliver_outbox, at_most_every=1.0)


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

    Several workers may do this at once; a message abandoned by a dead worker is taken over when its lease ends.
    """
    round_ = Delivered()
    _deliver_notices(now, limit, round_)
    for _turn in range(limit):
        claimed = _claim(~Q(channel=Channel.IN_APP), now, 1)
        if not claimed:
            break
        _deliver(claimed[0], now, round_)
    return round_


def register_deliverer(channel: str, deliverer: Deliverer) -> None:
    """Say who sends messages of a channel. It raises DeliveryRefused, NobodyListens, or anything to try again later."""
    _deliverers[channel] = deliverer


def _claim(which: Q, now: datetime, limit: int) -> list[OutboxMessage]:
    due = Q(state=MessageState.WAITING, available_at__lte=now)
    abandoned = Q(state=MessageState.DELIVERING, locked_until__lt=now)
    token = uuid4()
    with transaction.atomic():
        free = OutboxMessage.objects.select_for_update(skip_locked=True).filter(which)
        rows = list(free.filter(due).order_by("available_at")[:limit])
        if not rows:
            rows = list(free.filter(abandoned).order_by("locked_until")[:limit])
        if rows:
            OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=MessageState.DELIVERING, locked_until=now + LEASE, lease_token=token, attempts=F("attempts") + 1
            )
    for row in rows:
        row.state, row.lease_token, row.attempts = MessageState.DELIVERING, token, row.attempts + 1
    return rows


def _deliver_notices(now: datetime, limit: int, round_: Delivered) -> None:
    """Notices and the end of their messages commit together: exactly once."""
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(state=MessageState.WAITING, channel=Channel.IN_APP, available_at__lte=now)
            .order_by("available_at")[:limit]
        )
        known = {str(pk) for pk in User.objects.filter(pk__in=_user_ids(rows)).values_list("pk", flat=True)}
        reached = [row for row in rows if row.recipient in known]
        lost = [row.pk for row in rows if row.recipient not in known]
        Notice.objects.bulk_create(
            Notice(
                user_id=UUID(row.recipient),
                message=row,
                kind=row.kind,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                text=row.payload.get("text") or row.kind,
                url=row.payload.get("url", ""),
                created_at=now,
            )
            for row in reached
        )
        done = OutboxMessage.objects.filter(pk__in=[row.pk for row in reached])
        done.update(state=MessageState.DELIVERED, attempts=F("attempts") + 1, finished_at=now)
        OutboxMessage.objects.filter(pk__in=lost).update(
            state=MessageState.FAILED, attempts=F("attempts") + 1, finished_at=now, last_error=_("No such user.")
        )
    round_.delivered += len(reached)
    round_.failed += len(lost)


def _user_ids(rows: list[OutboxMessage]) -> list[UUID]:
    found = []
    for row in rows:
        try:
            found.append(UUID(row.recipient))
        except ValueError:
            continue
    return found


def _deliver(message: OutboxMessage, now: datetime, round_: Delivered) -> None:
    mine = OutboxMessage.objects.filter(pk=message.pk, lease_token=message.lease_token)
    freed = {"locked_until": None, "lease_token": None}
    try:
        _deliverers[message.channel](message)
    except NobodyListens as reason:
        mine.update(state=MessageState.CANCELLED, finished_at=now, last_error=str(reason), **freed)
        round_.withdrawn += 1
    except DeliveryRefused as reason:
        mine.update(state=MessageState.FAILED, finished_at=now, last_error=str(reason), **freed)
        round_.failed += 1
    except Exception as error:  # noqa: BLE001 - whatever the network does, the message stays
        words = f"{type(error).__name__}: {error}"[:1000]
        if message.attempts > len(RETRY_AFTER):
            mine.update(state=MessageState.FAILED, finished_at=now, last_error=words, **freed)
            round_.failed += 1
        else:
            again = now + RETRY_AFTER[message.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
            mine.update(state=MessageState.WAITING, available_at=again, last_error=words, **freed)
            round_.postponed += 1
    else:
        mine.update(state=MessageState.DELIVERED, finished_at=now, last_error="", **freed)
        round_.delivered += 1


def _send_email(message: OutboxMessage) -> None:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    mail = EmailMultiAlternatives(
        subject=" ".join(str(message.payload.get("subject") or message.kind).split()),
        body=message.payload.get("text", ""),
        to=[message.recipient],
        headers={"Message-ID": f"<{message.pk}@{domain}>"},  # the same on every retry
    )
    if message.payload.get("html"):
        mail.attach_alternative(message.payload["html"], "text/html")
    mail.send()


def _no_endpoint(_message: OutboxMessage) -> None:
    raise NobodyListens(_("No endpoint is registered."))


_deliverers: dict[str, Deliverer] = {
    Channel.EMAIL: _send_email,
    Channel.WEBHOOK: _no_endpoint,
    Channel.CHAT: _no_endpoint,
}
