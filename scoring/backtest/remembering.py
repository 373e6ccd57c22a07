"""A workspace over packed columns that remembers every answer, so that a changed rule costs only what it asks anew.

While somebody types, all conditions but one stay as they were. An answer takes one bit for each case, and two bytes
where points fade with age; columns are unpacked only when a condition was never asked before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import ABSENT, AS_OF, Columns, acts_from
from scoring.engine.acts import Mask, Numbers
from scoring.engine.frame import UNDATED, FactFrame, SignalTable, TextColumn
from scoring.engine.workspace import Workspace
from scoring.rules.conditions import ActQuestion, Condition

MOST_MASKS = 160
MOST_DAYS = 16
"""Answers and days that are remembered for each chunk: about 20 MB and 32 MB for a million cases, at most."""


class Memory:
    """What conditions answered for the cases of one chunk. Threads share it; an answer is the same for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._masks: OrderedDict[Condition, NDArray[np.uint8]] = OrderedDict()
        self._days: OrderedDict[ActQuestion, tuple[NDArray[Any], int]] = OrderedDict()

    def __contains__(self, condition: object) -> bool:
        return condition in self._masks

    def mask(self, condition: Condition, n: int) -> Mask | None:
        with self._lock:
            packed = self._masks.get(condition)
            if packed is None:
                return None
            self._masks.move_to_end(condition)
        return cast(Mask, np.unpackbits(packed, count=n).view(np.bool_))

    def keep_mask(self, condition: Condition, mask: Mask) -> None:
        with self._lock:
            self._masks[condition] = np.packbits(mask)
            if len(self._masks) > MOST_MASKS:
                self._masks.popitem(last=False)

    def days(self, question: ActQuestion) -> Numbers | None:
        with self._lock:
            found = self._days.get(question)
            if found is None:
                return None
            self._days.move_to_end(question)
        codes, low = found
        days = codes.astype(np.int64) + low
        days[codes == 0] = UNDATED
        return days

    def keep_days(self, question: ActQuestion, days: Numbers) -> None:
        """Days further apart than 179 years are worked out anew each time."""
        dated = days[days != UNDATED]
        low = int(dated.min()) - 1 if len(dated) else 0
        if len(dated) and int(dated.max()) - low >= 1 << 16:
            return
        codes = np.where(days == UNDATED, 0, days - low).astype(np.uint16)
        with self._lock:
            self._days[question] = codes, low
            if len(self._days) > MOST_DAYS:
                self._days.popitem(last=False)


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

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.as_of = columns[AS_OF].values(np.int32)
        self.texts = _Unpacking(columns, "text", lambda column: TextColumn(column.values(np.int32), column.words))
        self.numbers = _Unpacking(columns, "number", lambda column: column.values())

    @property
    def n(self) -> int:
        return len(self.as_of)

    @cached_property
    def signals(self) -> SignalTable:
        return acts_from(self._columns, "signals")

    @cached_property
    def colleagues(self) -> SignalTable:
        return acts_from(self._columns, "colleagues")


class RememberingWorkspace(Workspace):
    """Answers from memory where it can. When an answer will change by time alone is not worked out: nobody asks."""

    watches_time = False

    def __init__(self, columns: Columns, memory: Memory) -> None:
        super().__init__(cast(FactFrame, PackedFrame(columns)))
        self._memory = memory

    def mask(self, condition: Condition) -> Mask:
        known = self._masks.get(condition)
        if known is None:
            known = self._memory.mask(condition, self.frame.n)
            if known is None:
                known = super().mask(condition)
                self._memory.keep_mask(condition, known)
            self._masks[condition] = known
        return known

    def latest(self, question: ActQuestion) -> Numbers:
        known = self._memory.days(question)
        if known is None:
            known = super().latest(question)
            self._memory.keep_days(question, known)
        return known

    def change_at(self, days: Numbers, where: Mask) -> None:
        """Backtests ask what was, not when it will change."""
