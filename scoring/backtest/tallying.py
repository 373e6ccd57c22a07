"""Adds up what became of cases by what a draft does to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.beforehand import Beforehand, Counts, Places
from scoring.backtest.report import Changes, Group, Half, Unobservable
from scoring.engine.frame import date_of
from scoring.models import CaseAnswer, CaseResult

KEPT, NEWLY_IN, NEWLY_OUT, NEITHER = range(4)
_SHAPE = (4, 2, 2, 3)
"""Of an outcome: answer, met, opportunity, result."""


@dataclass(frozen=True)
class Tallies:
    """`counts` of cases by what a draft does with them: kept, newly in, newly out, neither; `ends` as `Beforehand`."""

    counts: Counts
    ends: tuple[int, int, int]

    def changes(self) -> Changes:
        """Over everything."""
        return _changes(self.counts.seen.sum(axis=(0, 1)), self.counts.seen_money.sum(axis=(1, 2)))

    def by_source(self) -> list[Changes]:
        return _all_changes(self.counts.seen.sum(axis=1), self.counts.seen_money.sum(axis=2))

    def by_rep(self) -> list[Changes]:
        return _all_changes(self.counts.reps, self.counts.rep_money)

    def halves(self) -> tuple[Half, ...]:
        """The dated cases cut in two by time: a rule fitted to the older half must hold in the newer one, too."""
        middle, first, last = self.ends
        counts = self.counts.seen.sum(axis=0)
        if not middle or not counts[0].sum() or not counts[1].sum():
            return ()
        money = self.counts.seen_money.sum(axis=1)
        days = ((first, middle - 1), (middle, last))
        return tuple(
            Half(date_of(start), date_of(end), _changes(counts[half], money[:, half]))
            for half, (start, end) in enumerate(days)
        )

    def unobservable(self) -> Unobservable:
        unseen = self.counts.unseen
        return Unobservable(int(unseen.sum()), int(unseen[NEWLY_IN]), int(unseen[NEWLY_OUT]))


def tally(before: Beforehand, crossing: Places) -> Tallies:
    """Counts the cases of a scope of which these go into or out of tier 1: the rest is as it was."""
    whole, moved = before.counts, before.count(crossing)
    counts = Counts(
        seen=_spread(whole.seen, moved.seen, axis=2),
        reps=_spread(whole.reps, moved.reps, axis=1),
        seen_money=_spread(whole.seen_money, moved.seen_money, axis=3),
        rep_money=_spread(whole.rep_money, moved.rep_money, axis=2),
        source_flows=_spread(whole.source_flows, moved.source_flows, axis=2),
        rep_flows=_spread(whole.rep_flows, moved.rep_flows, axis=2),
        unseen=_spread(whole.unseen, moved.unseen, axis=0),
    )
    return Tallies(counts, before.ends)


def _spread(whole: NDArray[np.int64], moved: NDArray[np.int64], *, axis: int) -> NDArray[np.int64]:
    """Counts outside and inside tier 1, along `axis`, as counts of what happens, in the order of the names above."""
    outside, inside = np.take(whole, 0, axis), np.take(whole, 1, axis)
    new, gone = np.take(moved, 0, axis), np.take(moved, 1, axis)
    return np.stack((inside - gone, new, gone, outside - new), axis)


def _changes(counts: NDArray[np.int64], money: NDArray[np.int64]) -> Changes:
    """`counts` by change and outcome, `money` by kind of money and change."""
    return _all_changes(counts[None], money[:, None])[0]


def _all_changes(counts: NDArray[np.int64], money: NDArray[np.int64]) -> list[Changes]:
    """`counts` by part, change and outcome, `money` by kind of money, part and change."""
    cases = counts.reshape(len(counts), 4, *_SHAPE)
    n = counts.sum(axis=2).tolist()
    answers, results = cases.sum(axis=(3, 4, 5)).tolist(), cases.sum(axis=(2, 3, 4)).tolist()
    met, opportunities = (
        cases[:, :, :, 1].sum(axis=(2, 3, 4)).tolist(),
        cases[:, :, :, :, 1].sum(axis=(2, 3, 4)).tolist(),
    )
    pipeline, revenue = money.tolist()

    def group(part: int, slot: int) -> Group:
        answered, ended = answers[part][slot], results[part][slot]
        return Group(
            n=n[part][slot],
            accepted=answered[CaseAnswer.ACCEPTED],
            rejected=answered[CaseAnswer.REJECTED],
            returned=answered[CaseAnswer.RETURNED],
            met=met[part][slot],
            opportunities=opportunities[part][slot],
            won=ended[CaseResult.WON],
            lost=ended[CaseResult.LOST],
            pipeline=Decimal(pipeline[part][slot]) / 100,
            revenue=Decimal(revenue[part][slot]) / 100,
        )

    return [Changes(*(group(part, slot) for slot in (KEPT, NEWLY_IN, NEWLY_OUT))) for part in range(len(counts))]
