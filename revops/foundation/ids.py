"""Time-ordered identifiers (UUIDv7, RFC 9562) and the short prefixed texts that the outside world sees of them."""

from __future__ import annotations

import os
import re
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TEXT_LENGTH = 26

_TAIL_BITS = 74  # 12 bits beside the version and 62 bits beside the variant
_TAIL_MASK = (1 << _TAIL_BITS) - 1
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_PREFIX = re.compile(r"[a-z][a-z0-9_]*\Z")


class _Sequence:
    """The last identifier given out, so that the next one of the same millisecond is larger."""

    def __init__(self, *, follows_clock: bool) -> None:
        self.follows_clock = follows_clock
        self.millisecond = -1
        self.tail = 0

    def take(self, millisecond: int, count: int) -> list[UUID]:
        if self.follows_clock and millisecond < self.millisecond:
            millisecond = self.millisecond  # the machine's clock stepped back: stay monotonic
        if millisecond != self.millisecond:
            self.millisecond = millisecond
            self.tail = int.from_bytes(os.urandom(9), "big")  # two bits short: room to count upwards
        steps = struct.unpack(f">{count}I", os.urandom(4 * count))
        taken = []
        for step in steps:
            self.tail += step + 1
            if self.tail > _TAIL_MASK:
                self.millisecond += 1
                self.tail = step
            high = (self.millisecond << 80) | _VERSION | ((self.tail >> _LOW_BITS) << 64)
            taken.append(UUID(int=high | _VARIANT | (self.tail & _LOW_MASK)))
        return taken


_lock = threading.Lock()
_by_clock = _Sequence(follows_clock=True)
_by_given_time = _Sequence(follows_clock=False)


def _start_afresh() -> None:
    """A forked child must neither wait for its parent's lock nor continue its parent's sequence."""
    global _lock, _by_clock, _by_given_time  # noqa: PLW0603 - one per process is the point
    _lock = threading.Lock()
    _by_clock = _Sequence(follows_clock=True)
    _by_given_time = _Sequence(follows_clock=False)


os.register_at_fork(after_in_child=_start_afresh)


def new_id(at: datetime | None = None) -> UUID:
    """A new identifier, larger than every one this process gave out before.

    With `at` (aware) it carries that instant instead, larger than the one before it of the same millisecond:
    history and simulation sort by when things happened.
    """
    return new_ids(1, at)[0]


def new_ids(n: int, at: datetime | None = None) -> list[UUID]:
    """`n` new identifiers in rising order, all of one instant."""
    with _lock:
        if at is None:
            return _by_clock.take(time.time_ns() // 1_000_000, n)
        return _by_given_time.take((at - _EPOCH) // _MILLISECOND, n)


def instant_of(identifier: UUID) -> datetime:
    """When an identifier was made, to the millisecond. Aware UTC."""
    return _EPOCH + (identifier.int >> 80) * _MILLISECOND


def encode(prefix: str, identifier: UUID) -> str:
    """The public text of an identifier, like `lead_06a0…`: prefix, underscore, 26 lowercase characters."""
    number = identifier.int
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


def decode(prefix: str, text: str) -> UUID:
    """The identifier behind a public text. Raises ValueError with a reason that may be shown to the sender."""
    given, separator, body = text.rpartition("_")
    if not separator or not _PREFIX.match(given):
        raise ValueError(f"Expected an id that starts with “{prefix}_”.")
    if given != prefix:
        raise ValueError(f"Expected an id that starts with “{prefix}_”, this one starts with “{given[:40]}_”.")
    if len(body) != TEXT_LENGTH:
        raise ValueError(f"Expected {TEXT_LENGTH} characters after “{prefix}_”, got {len(body)}.")
    number = 0
    for letter in body:
        value = _VALUES.get(letter)
        if value is None:
            raise ValueError("An id holds only digits and lowercase letters, without i, l, o and u.")
        number = (number << 5) | value
    if number >> 128:
        raise ValueError("This id is larger than any id can be: its first character must be 0 to 7.")
    return UUID(int=number)
