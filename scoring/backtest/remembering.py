"""A workspace over packed columns that remembers every answer, so that a changed rule costs only what it asks anew.

While somebody types, all conditions but one stay as they were. An answer takes one bit for each case, and two bytes
where points fade with age; columns are unpacked only when a condition was never asked before. Sums of rules are
remembered, too: a sum that differs by one rule from another is that one with the difference.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import ABSENT, AS_OF, Column, Columns, acts_from
from scoring.engine.acts import Ages, Mask, Numbers
from scoring.engine.adding import AddingWorkspace, Sum, Worths, points_of
from scoring.engine.frame import FactFrame, SignalTable, TextColumn
from scoring.engine.workspace import Asked, Counted

MOST_MASKS = 160
MOST_AGES = 16
MOST_TOTALS = 16
"""Answers, ages and sums that are remembered for each chunk: for a million cases about 20, 32 and 50 MB at most."""


class ColumnNotRead(Exception):
    """An answer was forgotten between two looks, and what it is made from was not read: read all and ask again."""


class Memory:
    """What conditions answered for the cases of one chunk. Threads share it; an answer is the same for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._masks: OrderedDict[Asked, NDArray[np.uint8]] = OrderedDict()
        self._ages: OrderedDict[Counted, Ages] = OrderedDict()
        self._totals: OrderedDict[Worths, Sum] = OrderedDict()

    def knows(self, condition: Asked) -> bool:
        """Whether the answer is remembered; it is then the last to be forgotten."""
        return self._touch(self._masks, condition)

    def knows_age(self, question: Counted) -> bool:
        return self._touch(self._ages, question)

    def _touch(self, held: OrderedDict[Any, Any], name: object) -> bool:
        with self._lock:
            if name not in held:
                return False
            held.move_to_end(name)
            return True

    def mask(self, condition: Asked, n: int) -> Mask | None:
        with self._lock:
            packed = self._masks.get(condition)
            if packed is None:
                return None
            self._masks.move_to_end(condition)
        return cast(Mask, np.unpackbits(packed, count=n).view(np.bool_))

    def keep_mask(self, condition: Asked, mask: Mask) -> None:
        with self._lock:
            self._masks[condition] = np.packbits(mask)
            if len(self._masks) > MOST_MASKS:
                self._masks.popitem(last=False)

    def age(self, question: Counted) -> Ages | None:
        with self._lock:
            found = self._ages.get(question)
            if found is not None:
                self._ages.move_to_end(question)
            return found

    def keep_age(self, question: Counted, age: Ages) -> None:
        with self._lock:
            self._ages[question] = age
            if len(self._ages) > MOST_AGES:
                self._ages.popitem(last=False)

    def total(self, worths: Worths) -> Sum | None:
        with self._lock:
            found = self._totals.get(worths)
            if found is not None:
                self._totals.move_to_end(worths)
            return found

    def keep_total(self, worths: Worths, total: Sum) -> None:
        with self._lock:
            self._totals[worths] = total
            if len(self._totals) > MOST_TOTALS:
                self._totals.popitem(last=False)

    def nearest_total(self, worths: Worths) -> tuple[Worths, Sum] | None:
        """A remembered sum that differs by fewer rules than there are to add up; None if beginning anew is quicker."""
        with self._lock:
            near = min(self._totals, key=lambda other: len(worths ^ other), default=None)
            if near is None or len(worths ^ near) >= len(worths):
                return None
            if all(one.condition in self._masks and (one.fading is None or one.fading in self._ages)
                   for one in near - worths):  # fmt: skip
                return near, self._totals[near]
            return None


class _Read(dict[str, Column]):
    """The columns that were read, whether there is something in them or not."""

    def get(self, name: str, default: Any = None) -> Column:
        if name not in self:
            raise ColumnNotRead(name)
        return self[name]


class _Unpacking(Mapping[str, Any]):
    """Columns by name, each unpacked when it is first asked for."""

    def __init__(self, columns: Columns, kind: str, unpack: Callable[[Any], Any]) -> None:
        self._columns, self._kind, self._unpack = columns, kind, unpack
        self._done: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._done:
            column = self._columns.get(f"{self._kind}/{name}", ABSENT)
            if column is ABSENT:
                raise KeyError(name)
            self._done[name] = self._unpack(column)
        return self._done[name]

    def __contains__(self, name: object) -> bool:
        return self._columns.get(f"{self._kind}/{name}", ABSENT) is not ABSENT

    def __iter__(self) -> Iterator[str]:
        start = f"{self._kind}/"
        return (name.removeprefix(start) for name in self._columns if name.startswith(start))

    def __len__(self) -> int:
        return sum(1 for _name in self)


class PackedFrame:
    """Reads like a `FactFrame`, and unpacks only what is looked at."""

    def __init__(self, columns: Columns, n: int) -> None:
        self.n = n
        self._columns = columns
        self.texts = _Unpacking(columns, "text", lambda column: TextColumn(column.values(np.int32), column.words))
        self.numbers = _Unpacking(columns, "number", lambda column: column.values())

    @cached_property
    def as_of(self) -> NDArray[np.int32]:
        return self._columns.get(AS_OF, ABSENT).values(np.int32)

    @cached_property
    def signals(self) -> SignalTable:
        return acts_from(self._columns, "signals")

    @cached_property
    def colleagues(self) -> SignalTable:
        return acts_from(self._columns, "colleagues")


class RememberingWorkspace(AddingWorkspace):
    """Answers from memory where it can. When an answer will change by time alone is not worked out: nobody asks.

    `columns` of `n` cases have to hold whatever memory does not know; else ColumnNotRead is raised.
    """

    watches_time = False

    def __init__(self, columns: Columns, memory: Memory, n: int) -> None:
        super().__init__(cast(FactFrame, PackedFrame(_Read(columns), n)))
        self._memory = memory

    def mask(self, condition: Asked) -> Mask:
        known = self._masks.get(condition)
        if known is None:
            known = self._memory.mask(condition, self.frame.n)
            if known is None:
                known = super().mask(condition)
                self._memory.keep_mask(condition, known)
            self._masks[condition] = known
        return known

    def remember(self, condition: Asked) -> None:
        """Answers it unless the answer is known."""
        if not self._memory.knows(condition):
            self.mask(condition)

    def age(self, question: Counted) -> Ages:
        known = self._memory.age(question)
        if known is None:
            known = super().age(question)
            self._memory.keep_age(question, known)
        return known

    def total(self, worths: Worths) -> Sum:
        known = self._memory.total(worths)
        if known is None:
            known = self._from_nearest(worths)
            self._memory.keep_total(worths, known)
        return known

    def _from_nearest(self, worths: Worths) -> Sum:
        near = self._memory.nearest_total(worths)
        if near is None:
            return super().total(worths)
        known, total = near
        total = total.copy()
        for more, apply in ((worths - known, np.add), (known - worths, np.subtract)):
            for worth in more:
                points = points_of(worth, self)
                if points is not None:
                    apply(total, points, out=total)
        return total

    def change_at(self, days: Numbers, where: Mask) -> None:
        """Backtests ask what was, not when it will change."""
