"""Some acts of the leads of a frame: what conditions about acts narrow down, count and add up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.engine.frame import UNDATED, SignalTable

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Ages = NDArray[np.uint16]
NO_ROWS: NDArray[np.intp] = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Acts:
    """Rows of a table of acts, in its order: by lead, then by day. `n` is the number of leads."""

    table: SignalTable
    rows: NDArray[np.intp]
    n: int

    @property
    def lead(self) -> NDArray[np.int64]:
        return self.table.lead[self.rows].astype(np.int64)

    @property
    def day(self) -> NDArray[np.int64]:
        return self.table.day[self.rows].astype(np.int64)

    def column(self, name: str) -> Numbers:
        """`quantity`, `value` (the largest measured), `total` (all measured) or `who` of each row."""
        column: Numbers = getattr(self.table, name)
        return column[self.rows]

    def keep(self, mask: Mask) -> Acts:
        return self if mask.all() else Acts(self.table, self.rows[mask], self.n)

    def about(self, topics: Sequence[str]) -> Acts:
        """Those with one of these topics."""
        return self.keep(lookup(self.table.topics, topics)[self.table.topic[self.rows]])

    def dated(self) -> Acts:
        return self.keep(self.table.day[self.rows] != UNDATED)

    def sums(self, name: str) -> Numbers:
        """Per lead, a column added up."""
        return np.bincount(self.table.lead[self.rows], weights=self.column(name), minlength=self.n).astype(np.int64)

    def distinct(self, of: str) -> Numbers:
        """Per lead, how many different kinds, topics, days or people; no topic and no day are none."""
        acts = self.dated() if of == "days" else self
        if of == "topics" and "" in self.table.topics:
            acts = self.keep(self.table.topic[self.rows] != self.table.topics.index(""))
        column = {"kinds": "kind", "topics": "topic", "days": "day", "people": "who"}[of]
        pairs = np.unique(acts.lead * np.int64(1 << 32) + acts.column(column))
        return np.bincount((pairs + (1 << 31)) >> 32, minlength=self.n).astype(np.int64)

    def kinds_of(self, lead: int) -> set[str]:
        """Kinds of one lead's rows."""
        return {self.table.kinds[code] for code in set(self.table.kind[self.rows[self.lead == lead]].tolist())}


def lookup(vocabulary: tuple[str, ...], wanted: Sequence[str]) -> Mask:
    """Which words of a vocabulary are wanted."""
    return np.array([word in wanted for word in vocabulary], dtype=np.bool_)
