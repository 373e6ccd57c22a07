"""What the past looks like before any change, counted once: a draft then costs by the cases it moves. Pure."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.past import OUTCOMES, Past
from scoring.backtest.report import Scope

OLDER, NEWER, UNDATED_HALF = range(3)
_DAYS_TO_HALVE = 14
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by what tier 1 does with them, which is the last axis but for outcomes: `seen` by source, half of time and
    outcome, `reps` by rep and outcome; money in hundredths by the same, pipeline and revenue; all cases by source or
    rep and whether they are dated; those never shown to sales.
    """

    seen: NDArray[np.int64]
    reps: NDArray[np.int64]
    seen_money: NDArray[np.int64]
    rep_money: NDArray[np.int64]
    source_flows: NDArray[np.int64]
    rep_flows: NDArray[np.int64]
    unseen: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Beforehand:
    """The cases of a scope under the rulebook that a draft is compared with: `tier` has one number for each case."""

    past: Past
    scope: Scope
    tier: NDArray[np.uint8]

    @cached_property
    def chosen(self) -> NDArray[np.bool_]:
        return self.past.chosen(self.scope)

    @cached_property
    def cases(self) -> int:
        return int(np.count_nonzero(self.chosen))

    @cached_property
    def seen(self) -> int:
        return int(np.count_nonzero(self.chosen & self.past.is_seen))

    @cached_property
    def narrow(self) -> int:
        """Cases of which only that is known which the rules of then asked."""
        return int(np.count_nonzero(self.chosen & self.past.is_narrow))

    @cached_property
    def days(self) -> NDArray[np.int32]:
        """The days of all dated cases, in order."""
        return np.sort(self.past.on[self.chosen & self.past.is_dated])

    @property
    def undated(self) -> int:
        return self.cases - len(self.days)

    @cached_property
    def ends(self) -> tuple[int, int, int]:
        """The day that cuts the seen cases in two, and the first and last of them; all 0 if they are too close."""
        days = self.past.on[self.chosen & self.past.is_seen & self.past.is_dated]
        if not len(days) or int(days.max()) - int(days.min()) < _DAYS_TO_HALVE:
            return 0, 0, 0
        return int(np.partition(days, len(days) // 2)[len(days) // 2]), int(days.min()), int(days.max())

    @cached_property
    def half(self) -> NDArray[np.uint8]:
        newer = (self.past.on >= self.ends[0]).view(np.uint8)
        return np.where(self.past.is_dated, newer, np.uint8(UNDATED_HALF))

    @cached_property
    def flows(self) -> NDArray[np.int64]:
        """All chosen cases by whether they are dated and by tier."""
        slots = self.past.is_dated.view(np.uint8) * np.uint8(4) + self.tier
        return np.bincount(slots[self.chosen], minlength=8).reshape(2, 4)

    @cached_property
    def counts(self) -> Counts:
        """Everything that is chosen, by whether it is in tier 1 (0, 1)."""
        return self.count(np.flatnonzero(self.chosen))

    def count(self, places: Places) -> Counts:
        """Only these of the chosen cases, by the same."""
        past = self.past
        is_one = (self.tier[places] == 1).view(np.uint8)
        is_seen = past.is_seen[places]
        seen, one = places[is_seen], is_one[is_seen]
        n_sources, n_reps = len(past.source.words), len(past.rep.words)
        is_dated = self.half[places] < UNDATED_HALF
        by_source = (past.source.codes[seen] * np.int32(3) + self.half[seen]) * np.int32(2) + one
        by_rep = past.rep.codes[seen] * np.int32(2) + one
        money = self._money(places)
        return Counts(
            seen=_count(by_source, past.outcome[seen], n_sources * 6).reshape(n_sources, 3, 2, OUTCOMES),
            reps=_count(by_rep, past.outcome[seen], n_reps * 2).reshape(n_reps, 2, OUTCOMES),
            seen_money=money[0].reshape(2, n_sources, 3, 2),
            rep_money=money[1].reshape(2, n_reps, 2),
            source_flows=_flows(past.source.codes[places], is_dated, is_one, n_sources),
            rep_flows=_flows(past.rep.codes[places], is_dated, is_one, n_reps),
            unseen=np.bincount(is_one[~is_seen], minlength=2),
        )

    def _money(self, places: Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pipeline and revenue by source, half and tier 1, and by rep and tier 1, added up as whole numbers."""
        past = self.past
        by_source = np.zeros((2, len(past.source.words) * 6), dtype=np.int64)
        by_rep = np.zeros((2, len(past.rep.words) * 2), dtype=np.int64)
        wanted = np.zeros(past.n, dtype=np.bool_)
        wanted[places] = True
        for which, (at, amounts) in enumerate((past.pipeline, past.revenue)):
            asked = wanted[at]
            where, added = at[asked], amounts[asked]
            one = (self.tier[where] == 1).view(np.uint8)
            np.add.at(by_source[which], (past.source.codes[where] * 3 + self.half[where]) * 2 + one, added)
            np.add.at(by_rep[which], past.rep.codes[where] * 2 + one, added)
        return by_source, by_rep


def _count(slot: NDArray[np.int32], outcome: NDArray[np.uint8], n: int) -> NDArray[np.int64]:
    return np.bincount(slot * np.int32(OUTCOMES) + outcome, minlength=n * OUTCOMES)


def _flows(
    codes: NDArray[np.int32], is_dated: NDArray[np.bool_], is_one: NDArray[np.uint8], n: int
) -> NDArray[np.int64]:
    slots = (codes * np.int32(2) + is_dated) * np.int32(2) + is_one
    return np.bincount(slots, minlength=n * 4).reshape(n, 2, 2)


def beforehand(past: Past, scope: Scope, tier: NDArray[np.uint8]) -> Beforehand:
    """What `tier` says of a scope of the past; the same object as the last times if all three are the same."""
    with _lock:
        for known in _known:
            if known.past is past and known.tier is tier and known.scope == scope:
                return known
        found = Beforehand(past, scope, tier)
        _known[:] = [found, *_known][:MOST_KEPT]
        return found


MOST_KEPT = 2
"""About six bytes for each case and scope."""

_known: list[Beforehand] = []
_lock = threading.Lock()
