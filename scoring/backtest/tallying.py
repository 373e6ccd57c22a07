"""Adds up what became of cases by what a draft does to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.past import OUTCOMES, Past
from scoring.backtest.report import Changes, Group, Half, Unobservable
from scoring.engine.frame import date_of
from scoring.models import CaseAnswer, CaseResult

KEPT, NEWLY_IN, NEWLY_OUT, NEITHER = range(4)
_SHAPE = (4, 2, 2, 3)
"""Of an outcome: answer, met, opportunity, result."""


@dataclass(frozen=True)
class Tallies:
    """Counts of seen cases: `seen` by source, half (older, newer, undated), change and outcome; `reps` by rep, change
    and outcome. Money in hundredths by the same, without outcome: pipeline and revenue. Flows count all cases, by code,
    whether they are dated, and change.
    """

    seen: NDArray[np.int64]
    reps: NDArray[np.int64]
    seen_money: NDArray[np.int64]
    rep_money: NDArray[np.int64]
    source_flows: NDArray[np.int64]
    rep_flows: NDArray[np.int64]
    unseen: NDArray[np.int64]
    ends: tuple[int, int, int]

    def changes(self) -> Changes:
        """Over everything."""
        return _changes(self.seen.sum(axis=(0, 1)), self.seen_money.sum(axis=(1, 2)))

    def by_source(self) -> list[Changes]:
        counts, money = self.seen.sum(axis=1), self.seen_money.sum(axis=2)
        return [_changes(counts[code], money[:, code]) for code in range(len(counts))]

    def by_rep(self) -> list[Changes]:
        return [_changes(self.reps[code], self.rep_money[:, code]) for code in range(len(self.reps))]

    def halves(self) -> tuple[Half, ...]:
        """The dated cases cut in two by time: a rule fitted to the older half must hold in the newer one, too."""
        middle, first, last = self.ends
        counts = self.seen.sum(axis=0)
        if not middle or not counts[0].sum() or not counts[1].sum():
            return ()
        money = self.seen_money.sum(axis=1)
        days = ((first, middle - 1), (middle, last))
        return tuple(
            Half(date_of(start), date_of(end), _changes(counts[half], money[:, half]))
            for half, (start, end) in enumerate(days)
        )

    def unobservable(self) -> Unobservable:
        return Unobservable(int(self.unseen.sum()), int(self.unseen[NEWLY_IN]), int(self.unseen[NEWLY_OUT]))


def tally(
    past: Past,
    chosen: NDArray[np.bool_],
    change: NDArray[np.uint8],
    half: NDArray[np.uint8],
    ends: tuple[int, int, int],
) -> Tallies:
    """Counts the chosen cases. `half` is 0, 1, or 2 for undated; `ends` are the middle, first and last day."""
    seen = np.flatnonzero(chosen & past.is_seen)
    everything = np.flatnonzero(chosen)
    n_sources, n_reps = len(past.source.words), len(past.rep.words)
    by_source = (past.source.codes * np.int32(3) + half) * np.int32(4) + change
    by_rep = past.rep.codes * np.int32(4) + change
    is_dated = (half[everything] < 2).astype(np.int32)
    change_all = change[everything]
    return Tallies(
        seen=_count(by_source[seen], past.outcome[seen], n_sources * 12).reshape(n_sources, 3, 4, OUTCOMES),
        reps=_count(by_rep[seen], past.outcome[seen], n_reps * 4).reshape(n_reps, 4, OUTCOMES),
        seen_money=_money(past, chosen, by_source, n_sources * 12).reshape(2, n_sources, 3, 4),
        rep_money=_money(past, chosen, by_rep, n_reps * 4).reshape(2, n_reps, 4),
        source_flows=_flows(past.source.codes[everything], is_dated, change_all, n_sources),
        rep_flows=_flows(past.rep.codes[everything], is_dated, change_all, n_reps),
        unseen=np.bincount(change[chosen & ~past.is_seen], minlength=4),
        ends=ends,
    )


def _count(slot: NDArray[np.int32], outcome: NDArray[np.uint8], n: int) -> NDArray[np.int64]:
    return np.bincount(slot * np.int32(OUTCOMES) + outcome, minlength=n * OUTCOMES)


def _flows(
    codes: NDArray[np.int32], is_dated: NDArray[np.int32], change: NDArray[np.uint8], n: int
) -> NDArray[np.int64]:
    return np.bincount((codes * np.int32(2) + is_dated) * np.int32(4) + change, minlength=n * 8).reshape(n, 2, 4)


def _money(past: Past, chosen: NDArray[np.bool_], slot: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """Pipeline and revenue of each slot, added up as whole numbers."""
    sums = np.zeros((2, n), dtype=np.int64)
    for which, (places, amounts) in enumerate((past.pipeline, past.revenue)):
        wanted = chosen[places]
        np.add.at(sums[which], slot[places[wanted]], amounts[wanted])
    return sums


def _changes(counts: NDArray[np.int64], money: NDArray[np.int64]) -> Changes:
    """`counts` by change and outcome, `money` by kind of money and change."""
    return Changes(*(_group(counts[slot].reshape(_SHAPE), money[:, slot]) for slot in (KEPT, NEWLY_IN, NEWLY_OUT)))


def _group(counts: NDArray[np.int64], money: NDArray[np.int64]) -> Group:
    answers, results = counts.sum(axis=(1, 2, 3)), counts.sum(axis=(0, 1, 2))
    return Group(
        n=int(counts.sum()),
        accepted=int(answers[CaseAnswer.ACCEPTED]),
        rejected=int(answers[CaseAnswer.REJECTED]),
        returned=int(answers[CaseAnswer.RETURNED]),
        met=int(counts[:, 1].sum()),
        opportunities=int(counts[:, :, 1].sum()),
        won=int(results[CaseResult.WON]),
        lost=int(results[CaseResult.LOST]),
        pipeline=Decimal(int(money[0])) / 100,
        revenue=Decimal(int(money[1])) / 100,
    )
