"""Lets submissions that wait at the same moment share one journey and one commit.

A request puts its submission into the queue of this process. If nobody leads, its thread does: it takes everything
that waits, admits it as one batch in one transaction, hands out the answers and makes the next one in the queue the
leader. A lone request is a batch of one, at once; under load the batch is what arrived while the one before was being
committed, and the leader waits up to LINGER for those who were there a moment ago. Keys and errors stay exact: the
journey splits out what fails, and a batch that fails as a whole (before its commit) is done again one by one, so that
each request gets its own error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from leads.intake import Item
from revops.foundation.api.idempotency import KeyedWrite, keep, replayed, reserve
from revops.portal import journey
from revops.portal.intake_sources import source_ids
from revops.portal.journey import Receipt

MOST_TOGETHER = 200
LINGER = 0.004
"""Seconds; a batch costs several times that, whatever its size, so that a little patience pays for everybody."""

Prepared = tuple[Item, Callable[[Receipt], HttpResponse]]


@dataclass(eq=False)
class Sending:
    """One request's submission. `prepare` makes its item, and the answer to its receipt, once the ids of the
    registered sources are known; `write` is its Idempotency-Key, if it has one."""

    source_key: str
    prepare: Callable[[Mapping[str, UUID]], Prepared]
    write: KeyedWrite | None = None
    response: HttpResponse | None = None
    error: BaseException | None = None
    leads: bool = False
    wake: threading.Event = field(default_factory=threading.Event)


class Combiner:
    """The queue of one process. `work` must give every sending of a batch its response or its error."""

    def __init__(self, work: Callable[[Sequence[Sending]], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._waiting: list[Sending] = []
        self._is_led = False
        self._expected = 1

    def send(self, sending: Sending) -> HttpResponse:
        """The answer to `sending`, durable; raises what it raised. Blocks until its batch is committed."""
        with self._lock:
            self._waiting.append(sending)
            self._arrived.notify()
            sending.leads, self._is_led = not self._is_led, True
        if not sending.leads:
            sending.wake.wait()
        if sending.leads:  # from the start, or because the leader before said so
            self._lead(sending)
        if sending.error is not None:
            raise sending.error
        if sending.response is None:
            raise RuntimeError("A batch ended without an answer for one of its submissions.")
        return sending.response

    def _lead(self, own: Sending) -> None:
        self._linger()
        batch = self._take()
        try:
            self._work(batch)
        except BaseException as error:  # noqa: BLE001 - everybody in the batch has to hear of it
            for sending in batch:
                sending.response, sending.error = None, error
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
                self._expected = len(batch) + len(self._waiting)
            if following is not None:
                following.leads = True
                following.wake.set()
            for sending in batch:
                if sending is not own:
                    sending.wake.set()

    def _linger(self) -> None:
        with self._lock:
            self._arrived.wait_for(lambda: len(self._waiting) >= self._expected, LINGER)

    def _take(self) -> list[Sending]:
        """The next batch, the oldest first. A key that is in it already waits for the one after, to be replayed."""
        with self._lock:
            batch: list[Sending] = []
            left: list[Sending] = []
            places = set()
            for sending in self._waiting:
                place = sending.write and sending.write.place
                if len(batch) == MOST_TOGETHER or (place and place in places):
                    left.append(sending)
                    continue
                places.add(place)
                batch.append(sending)
            self._waiting = left
        return batch


def admit_together(batch: Sequence[Sending]) -> None:
    """One transaction for the whole batch; if it fails before its commit, one for each."""
    is_complete = False
    try:
        with transaction.atomic():
            _admit(batch, now=timezone.now())
            is_complete = True
    except Exception as error:
        if len(batch) == 1 or (is_complete and isinstance(error, OperationalError)):
            raise  # alone, or nobody knows whether the commit happened: then the client has to ask again
        connection.close_if_unusable_or_obsolete()
        for sending in batch:
            sending.response = sending.error = None
            try:
                admit_together([sending])
            except Exception as own:  # noqa: BLE001 - it is the answer of this one
                sending.response, sending.error = None, own


def _admit(batch: Sequence[Sending], *, now: datetime) -> None:
    writes = [sending.write for sending in batch if sending.write is not None]
    if writes:
        reserve(writes, now)
    fresh = []
    for sending in batch:
        if sending.write is None or sending.write.kept is None:
            fresh.append(sending)
            continue
        try:
            sending.response = replayed(sending.write)
        except Exception as error:  # noqa: BLE001 - the key belongs to another request: only this one is refused
            sending.error = error
    sources = source_ids({sending.source_key for sending in fresh}, now=now)
    prepared = [sending.prepare(sources) for sending in fresh]
    receipts = journey.admit([item for item, _ in prepared], now=now) if prepared else []
    answers = []
    for sending, (_, answer), receipt in zip(fresh, prepared, receipts, strict=True):
        sending.response = answer(receipt)
        if sending.write is not None:
            answers.append((sending.write, sending.response))
    if answers:
        keep(answers)


combiner = Combiner(admit_together)
"""The one of this process."""
