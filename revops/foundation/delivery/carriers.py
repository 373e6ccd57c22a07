"""What the outbox and the channels say to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from revops.foundation.models import OutboxMessage

Send = Callable[[], None]
"""Sends one message, in a thread that must not touch the database. Raises one of the errors below, or any other."""


class DeliveryRefused(Exception):
    """The recipient can never be reached like this: trying again is useless."""


class EndpointGone(DeliveryRefused):
    """The recipient says that it is gone for good: nothing more should be sent there."""


class NobodyListens(Exception):
    """There is no recipient at all, so the message is withdrawn."""


class TryLater(Exception):
    """It did not work now. `after`: the recipient said when; `blocks_lane`: the next ones would fail, too."""

    def __init__(self, words: str, *, after: timedelta | None = None, blocks_lane: bool = True) -> None:
        super().__init__(words)
        self.after = after
        self.blocks_lane = blocks_lane


@dataclass(frozen=True, slots=True)
class Carrier:
    """One channel. `prepare` reads what sending needs and answers how each message is sent (or why it is not).

    Messages of one lane leave one after the other, those of different lanes at once: `shares_lane` puts all messages
    of the channel into one, otherwise every recipient has its own. `at_once` is how many a worker takes at a time;
    `gone` notes that a recipient is no more.
    """

    prepare: Callable[[Sequence[OutboxMessage]], Mapping[UUID, Send]]
    shares_lane: bool = False
    at_once: int = 3
    gone: Callable[[OutboxMessage, str, datetime], None] | None = None


def refusing(error: Exception) -> Send:
    """A message that is not sent, because of what preparing it showed."""

    def send() -> None:
        raise error

    return send
