"""Runs two rulebooks over the same past and says what would have been different."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from leads.models import Source
from revops.foundation.models import User
from scoring.backtest.beforehand import Beforehand, Places, beforehand
from scoring.backtest.cautions import cautions_about
from scoring.backtest.judging import Judge, judge_chunks, judge_of
from scoring.backtest.past import Past, Words, past_of
from scoring.backtest.report import Backtest, Changes, Flip, Part, Scope, TierFlow
from scoring.backtest.store import PastMoved, Store, store
from scoring.backtest.tallying import KEPT, NEWLY_IN, NEWLY_OUT, tally
from scoring.engine.frame import date_of
from scoring.models import Case, CaseAnswer, CaseChunk, CaseResult, Rulebook
from scoring.publishing import NoLiveRulebook

SAMPLE_FROM = 100_000
"""Up to so many cases the quick answer is the exact one."""

FLIPS = 20
_TRIES = 5
_WEEK = 7

Names = Callable[[list[UUID]], dict[UUID | None, str]]


@dataclass(frozen=True)
class _Comparison:
    """Both verdicts over one past, and which of its cases were asked for."""

    before: Beforehand
    after: NDArray[np.uint8]
    points_before: NDArray[np.int32]
    points_after: NDArray[np.int32]

    @property
    def past(self) -> Past:
        return self.before.past

    @cached_property
    def moved(self) -> Places:
        """The chosen cases whose tier changes."""
        return np.flatnonzero((self.before.tier != self.after) & self.before.chosen)

    @cached_property
    def crossing(self) -> Places:
        """Those of them that go into or out of tier 1."""
        moved = self.moved
        return moved[(self.before.tier[moved] == 1) | (self.after[moved] == 1)]


def run_backtest(
    candidate: Mapping[str, Any],
    *,
    against: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
    quick: bool = False,
    cases: Store = store,
) -> Backtest:
    """What `candidate` would have done to the past, compared with `against` (else the live rulebook).

    Both are definitions with their kinds stamped (`stamp_kinds`). `quick` answers from every 32nd case if there are
    many. Three queries and the names; writes nothing. Raises InvalidRulebook, or NoLiveRulebook if nothing is live.
    """
    started = time.perf_counter()
    scope = scope or Scope()
    after = judge_of(candidate)
    before = judge_of(against if against is not None else live_definition())
    total = count_cases()
    is_sample = quick and total > SAMPLE_FROM
    found = _compare(before, after, scope, cases, is_sample=is_sample)
    return _report(found, before, after, scope, total, is_sample=is_sample, started=started)


def list_flips(
    candidate: Mapping[str, Any],
    *,
    against: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
    offset: int = 0,
    limit: int = 50,
    cases: Store = store,
) -> tuple[int, list[Flip]]:
    """How many cases change their tier, and one page of them, the greatest change first."""
    after = judge_of(candidate)
    before = judge_of(against if against is not None else live_definition())
    found = _compare(before, after, scope or Scope(), cases, is_sample=False)
    return _flips(found, offset, limit)


def live_definition() -> Mapping[str, Any]:
    """What counts now. Raises NoLiveRulebook. One query."""
    definition = Rulebook.objects.filter(state="live").values_list("definition", flat=True).first()
    if definition is None:
        raise NoLiveRulebook
    return definition


def count_cases() -> int:
    """How many packed cases count: past ones and running leads. One query."""
    return sum(n - len(dead) for n, dead in CaseChunk.objects.values_list("n", "dead"))


def _compare(before: Judge, after: Judge, scope: Scope, cases: Store, *, is_sample: bool) -> _Comparison:
    for _try in range(_TRIES):
        chunks = cases.chunks(is_sample=is_sample)
        try:
            old, new = judge_chunks([before, after], chunks, cases)
        except PastMoved:
            continue
        return _Comparison(beforehand(past_of(chunks), scope, old.tier), new.tier, old.points, new.points)
    raise PastMoved


def _report(
    found: _Comparison, before: Judge, after: Judge, scope: Scope, total: int, *, is_sample: bool, started: float
) -> Backtest:
    past, standing = found.past, found.before
    days = standing.days
    scale = total / max(1, sum(chunk.n - len(chunk.dead) for chunk in past.chunks)) if is_sample else 1.0
    weeks = (int(days[-1]) - int(days[0]) + 1) / _WEEK if len(days) else None
    per_week = scale / weeks if weeks else None
    tallies = tally(standing, found.crossing)
    changes, halves, unobservable = tallies.changes(), tallies.halves(), tallies.unobservable()
    flipped, flips = _flips(found, 0, FLIPS)
    return Backtest(
        scope=scope,
        is_exact=not is_sample,
        cases=standing.cases,
        of=round(standing.cases * scale),
        observed=standing.seen,
        undated=standing.undated,
        weeks=weeks,
        tiers=_flows(found, per_week),
        changes=changes,
        unobservable=unobservable,
        by_source=_parts(past.source, tallies.by_source(), tallies.counts.source_flows, per_week, _source_names),
        by_rep=_parts(past.rep, tallies.by_rep(), tallies.counts.rep_flows, per_week, _rep_names),
        flipped=flipped,
        flips=tuple(flips),
        halves=halves,
        cautions=tuple(cautions_about(standing, before, after, changes, halves, unobservable.newly_in)),
        currency=settings.REPORTING_CURRENCY,
        took_ms=round((time.perf_counter() - started) * 1000, 1),
    )


def _flows(found: _Comparison, per_week: float | None) -> tuple[TierFlow, ...]:
    was, moved = found.before.tier[found.moved], found.moved
    pairs = (found.past.is_dated[moved].view(np.uint8) * np.uint8(4) + was) * np.uint8(4) + found.after[moved]
    shifts = np.bincount(pairs, minlength=32).reshape(2, 4, 4)
    before = found.before.flows
    after = before - shifts.sum(axis=2) + shifts.sum(axis=1)
    return tuple(
        TierFlow(
            tier, int(before[:, tier].sum()), int(after[:, tier].sum()),
            None if per_week is None else float(before[1, tier] * per_week),
            None if per_week is None else float(after[1, tier] * per_week),
        )
        for tier in (1, 2, 3)
    )  # fmt: skip


def _parts(
    words: Words, changes: list[Changes], flows: NDArray[np.int64], per_week: float | None, names: Names
) -> tuple[Part, ...]:
    known = names([pk for pk in words.ids() if pk is not None])
    parts = []
    for code, pk in enumerate(words.ids()):
        if flows[code].any():
            kept, new, gone = (int(flows[code, 1, slot]) for slot in (KEPT, NEWLY_IN, NEWLY_OUT))
            before = None if per_week is None else (kept + gone) * per_week
            after = None if per_week is None else (kept + new) * per_week
            parts.append(Part(pk, known.get(pk, ""), before, after, changes[code]))
    return tuple(sorted(parts, key=lambda part: (-abs(part.per_week or 0.0), part.name, str(part.id))))


def _source_names(ids: list[UUID]) -> dict[UUID | None, str]:
    return dict(Source.objects.filter(pk__in=ids).values_list("pk", "name"))


def _rep_names(ids: list[UUID]) -> dict[UUID | None, str]:
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))


def _flips(found: _Comparison, offset: int, limit: int) -> tuple[int, list[Flip]]:
    """Cases whose tier changes: those that cross into or out of tier 1 first, then by how far their order moves."""
    places, was = found.moved, found.before.tier[found.moved]
    moved = np.abs(found.points_after[places].astype(np.int64) - found.points_before[places])
    crosses = (was == 1) | (found.after[places] == 1)
    rank = moved + crosses.astype(np.int64) * 10**10
    last = min(offset + limit, len(places))
    if last <= offset:
        return len(places), []
    best = np.argpartition(-rank, last - 1)[:last] if last < len(places) else np.arange(len(places))
    best = best[np.lexsort((places[best], -rank[best]))][offset:last]
    return len(places), _details(found, places[best])


def _details(found: _Comparison, places: NDArray[np.intp]) -> list[Flip]:
    ids = {int(place): found.past.case_at(int(place)) for place in places}
    rows = Case.objects.in_bulk(list(ids.values()))
    on, dated = found.past.on, found.past.is_dated
    return [
        Flip(
            case_id=row.pk,
            lead_id=row.lead_id,
            tier_before=int(found.before.tier[place]),
            tier_after=int(found.after[place]),
            points_before=int(found.points_before[place]),
            points_after=int(found.points_after[place]),
            label=_became(row) if found.past.is_seen[place] else "unseen",
            reason=row.reason,
            source_id=row.source_id,
            rep_id=row.rep_id,
            on=date_of(on[place]) if dated[place] else None,
        )
        for place, pk in ids.items()
        if (row := rows.get(pk)) is not None
    ]


def _became(case: Case) -> str:
    if case.result != CaseResult.NONE:
        return "won" if case.result == CaseResult.WON else "lost"
    if case.has_opportunity:
        return "opportunity"
    if case.was_met:
        return "met"
    return {CaseAnswer.ACCEPTED: "accepted", CaseAnswer.REJECTED: "rejected", CaseAnswer.RETURNED: "returned"}.get(
        CaseAnswer(case.answer), ""
    )
