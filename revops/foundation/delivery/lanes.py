"""Sends what is due: one lane to each recipient, lanes side by side, so that nobody waits for somebody slow."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from revops.foundation.delivery import chat, mail
from revops.foundation.delivery.carriers import (
    Carrier,
    DeliveryRefused,
    EndpointGone,
    NobodyListens,
    Send,
    TryLater,
    refusing,
)
from revops.foundation.models import Channel, MessageState, OutboxMessage

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

REST = timedelta(minutes=5)
"""How long a lane waits at most before the next message is tried after one that failed."""
LANES = 8
"""To how many recipients one worker sends at the same moment."""


@dataclass
class Delivered:
    """What one round of deliveries came to."""

    delivered: int = 0
    postponed: int = 0
    failed: int = 0
    withdrawn: int = 0


def send_due(now: datetime, limit: int, result: Delivered) -> None:
    """Sends what is due on all channels but the portal itself, up to `limit` messages; counts into `result`."""
    _Round(now, limit, result).run()


def register_carrier(channel: str, carrier: Carrier) -> None:
    """Say who carries the messages of a channel."""
    _carriers[channel] = carrier


@dataclass(slots=True)
class _Sent:
    """What happened to the messages of one lane, in order; those after an error that blocks it were not tried."""

    tried: list[tuple[OutboxMessage, Exception | None]] = field(default_factory=list)
    untried: list[OutboxMessage] = field(default_factory=list)


@dataclass(slots=True)
class _Round:
    """One round: lanes are sent in threads that never touch the database; all rows are written by this thread."""

    now: datetime
    limit: int
    result: Delivered
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        busy: dict[Future[_Sent], str] = {}
        seen = 0
        resting: set[str] = set()
        with ThreadPoolExecutor(LANES, "outbox") as threads:
            while True:
                claimed = _claim(self._passed(), min(self.limit - seen, 500), {*busy.values(), *resting})
                seen += len(claimed)
                for lane, messages in _by_lane(claimed).items():
                    busy[threads.submit(_send_lane, messages, self._prepare(messages))] = lane
                if not busy:
                    return
                finished, _still = wait(busy, return_when=FIRST_COMPLETED)
                for one in finished:
                    lane = busy.pop(one)
                    if self._write(one.result()):
                        resting.add(lane)

    def _prepare(self, messages: list[OutboxMessage]) -> Mapping[UUID, Send]:
        try:
            return _carriers[messages[0].channel].prepare(messages)
        except Exception as error:  # noqa: BLE001 - one lane that cannot be prepared must not stop the others
            return {message.pk: refusing(error) for message in messages}

    def _passed(self) -> datetime:
        """Now, also when the round took long: leases begin when a message is taken."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def _write(self, sent: _Sent) -> bool:
        """Writes what became of a lane; whether it rests for the remainder of the round."""
        again: datetime | None = None
        for message, error in sent.tried:
            again = _settle(message, error, self.now, self.result) or again
        if sent.untried:
            _put_back(sent.untried, min(again or self.now, self.now + REST))
        if again is not None and sent.untried:
            _rest(sent.untried[0], min(again, self.now + REST), self.now)
        return again is not None


def _claim(now: datetime, limit: int, busy: Iterable[str] = ()) -> list[OutboxMessage]:
    """Leases what is due: a few messages of each lane, the oldest first, so that no lane hides another."""
    token = uuid4()
    sizes = {channel: carrier.at_once for channel, carrier in _carriers.items()}
    shared = [channel for channel, carrier in _carriers.items() if carrier.shares_lane]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _DUE,
            {"now": now, "limit": max(limit, 0), "busy": list(busy), "shared": shared,
             "channels": list(sizes), "sizes": list(sizes.values())},
        )  # fmt: skip
        ids = [row[0] for row in cursor.fetchall()]
        due = Q(state=MessageState.WAITING, available_at__lte=now) | Q(
            state=MessageState.DELIVERING, locked_until__lt=now
        )
        free = OutboxMessage.objects.select_for_update(skip_locked=True).filter(due, pk__in=ids)
        rows = list(free.order_by("available_at", "pk"))
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=MessageState.DELIVERING, locked_until=now + LEASE, lease_token=token, attempts=F("attempts") + 1
        )
    for row in rows:
        row.state, row.lease_token, row.attempts = MessageState.DELIVERING, token, row.attempts + 1
    return rows


_DUE = """
SELECT ranked.id FROM (
    SELECT due.id, due.channel, due.recipient, due.available_at,
           row_number() OVER (PARTITION BY due.lane ORDER BY due.available_at, due.id) AS place
    FROM (
        SELECT message.id, message.channel, message.recipient, message.available_at,
               CASE WHEN message.channel = ANY(%(shared)s) THEN message.channel
                    ELSE message.channel || ' ' || message.recipient END AS lane
        FROM foundation_outboxmessage message
        WHERE message.channel <> 'in_app'
        AND ((message.state = 'waiting' AND message.available_at <= %(now)s)
             OR (message.state = 'delivering' AND message.locked_until < %(now)s))
        ORDER BY message.available_at LIMIT 5000
    ) due WHERE due.lane <> ALL(%(busy)s)
) ranked
LEFT JOIN unnest(%(channels)s::text[], %(sizes)s::int[]) AS size (channel, most) ON size.channel = ranked.channel
WHERE ranked.place <= CASE WHEN ranked.recipient = '' THEN 500 ELSE COALESCE(size.most, 1) END
ORDER BY ranked.available_at LIMIT %(limit)s
"""


def _lane_of(message: OutboxMessage) -> str:
    shared = _carriers[message.channel].shares_lane
    return message.channel if shared else f"{message.channel} {message.recipient}"


def _by_lane(messages: Iterable[OutboxMessage]) -> dict[str, list[OutboxMessage]]:
    lanes: dict[str, list[OutboxMessage]] = {}
    for message in messages:
        lanes.setdefault(_lane_of(message), []).append(message)
    return lanes


def _send_lane(messages: list[OutboxMessage], senders: Mapping[UUID, Send]) -> _Sent:
    """Sends one after the other until something blocks the lane. Runs in a thread: no database here."""
    sent = _Sent()
    for place, message in enumerate(messages):
        error = _try(senders[message.pk])
        sent.tried.append((message, error))
        if error is not None and _blocks(error):
            sent.untried = messages[place + 1 :]
            break
    return sent


def _try(send: Send) -> Exception | None:
    try:
        send()
    except Exception as error:  # noqa: BLE001 - whatever the network does, the message stays
        return error
    return None


def _blocks(error: Exception) -> bool:
    if isinstance(error, EndpointGone):
        return True
    return not isinstance(error, DeliveryRefused | NobodyListens) and getattr(error, "blocks_lane", True)


def _settle(message: OutboxMessage, error: Exception | None, now: datetime, round_: Delivered) -> datetime | None:
    """Writes what became of one message, if its lease still holds; when it is tried again, if it is."""
    mine = OutboxMessage.objects.filter(pk=message.pk, lease_token=message.lease_token)
    freed = {"locked_until": None, "lease_token": None}
    if error is None:
        mine.update(state=MessageState.DELIVERED, finished_at=now, last_error="", **freed)
        round_.delivered += 1
        return None
    words = str(error) if isinstance(error, _WORDED) else f"{type(error).__name__}: {error}"
    if isinstance(error, NobodyListens):
        mine.update(state=MessageState.CANCELLED, finished_at=now, last_error=words[:1000], **freed)
        round_.withdrawn += 1
        return None
    gone = _carriers[message.channel].gone
    if isinstance(error, EndpointGone) and gone is not None:
        gone(message, words, now)
    if isinstance(error, DeliveryRefused) or message.attempts > len(RETRY_AFTER):
        mine.update(state=MessageState.FAILED, finished_at=now, last_error=words[:1000], **freed)
        round_.failed += 1
        return None
    wait_for = RETRY_AFTER[message.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
    again = now + max(wait_for, getattr(error, "after", None) or timedelta())
    mine.update(state=MessageState.WAITING, available_at=again, last_error=words[:1000], **freed)
    round_.postponed += 1
    return again if _blocks(error) else None


def _put_back(messages: Sequence[OutboxMessage], at: datetime) -> None:
    """Messages of a blocked lane that were not tried wait a little, and no attempt is counted."""
    OutboxMessage.objects.filter(
        pk__in=[message.pk for message in messages], lease_token=messages[0].lease_token
    ).update(
        state=MessageState.WAITING, available_at=at, attempts=F("attempts") - 1, locked_until=None, lease_token=None
    )


def _rest(message: OutboxMessage, until: datetime, now: datetime) -> None:
    """Lets everything else in the lane of `message` wait as well: one broken recipient costs one try."""
    lane = OutboxMessage.objects.filter(channel=message.channel, state=MessageState.WAITING, available_at__lte=now)
    if not _carriers[message.channel].shares_lane:
        lane = lane.filter(recipient=message.recipient)
    lane.update(available_at=until)


def _no_endpoint(messages: Sequence[OutboxMessage]) -> Mapping[UUID, Send]:
    error = NobodyListens(_("No endpoint is registered."))
    return {message.pk: refusing(error) for message in messages}


_WORDED = (DeliveryRefused, NobodyListens, TryLater)
_carriers: dict[str, Carrier] = {
    Channel.EMAIL: mail.CARRIER,
    Channel.CHAT: chat.CARRIER,
    Channel.WEBHOOK: Carrier(_no_endpoint),
}
