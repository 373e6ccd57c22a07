"""Runs two rulebooks over the same past and says what would have been different."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from leads.models import Source
from revops.foundation.models import User
from scoring.backtest.cautions import cautions_about
from scoring.backtest.judging import Judge, judge_chunks, judge_of
from scoring.backtest.past import OUTCOMES, Past, Words, past_of
from scoring.backtest.report import (
    Backtest,
    Changes,
    Flip,
    Group,
    Half,
    Part,
    Scope,
    TierFlow,
    Unobservable,
)
from scoring.backtest.store import Store, store
from scoring.engine.frame import date_of
from scoring.models import Case, CaseAnswer, CaseChunk, CaseResult, Rulebook
from scoring.publishing import NoLiveRulebook

SAMPLE_FROM = 100_000
"""Up to so many cases the quick answer is the exact one."""

FLIPS = 20
KEPT, NEWLY_IN, NEWLY_OUT, NEITHER = range(4)
_WEEK = 7
_DAYS_TO_HALVE = 14


@dataclass(frozen=True)
class _Comparison:
    """Both verdicts over one past, and which of its cases were asked for."""

    past: Past
    chosen: NDArray[np.bool_]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    points_before: NDArray[np.int32]
    points_after: NDArray[np.int32]

    @property
    def change(self) -> NDArray[np.uint8]:
        """What happens to each hand-off: kept, newly in, newly out, or neither."""
        was, is_now = self.before == 1, self.after == 1
        return np.where(was, np.where(is_now, KEPT, NEWLY_OUT), np.where(is_now, NEWLY_IN, NEITHER)).astype(np.uint8)


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
    before = judge_of(against if against is not None else _live_definition())
    total = _cases()
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
    before = judge_of(against if against is not None else _live_definition())
    found = _compare(before, after, scope or Scope(), cases, is_sample=False)
    return _flips(found, offset, limit)


def _live_definition() -> Mapping[str, Any]:
    definition = Rulebook.objects.filter(state="live").values_list("definition", flat=True).first()
    if definition is None:
        raise NoLiveRulebook
    return definition


def _cases() -> int:
    return sum(n - len(dead) for n, dead in CaseChunk.objects.values_list("n", "dead"))


def _compare(before: Judge, after: Judge, scope: Scope, cases: Store, *, is_sample: bool) -> _Comparison:
    chunks = cases.chunks(before.columns | after.columns, is_sample=is_sample)
    past = past_of(chunks)
    old, new = judge_chunks(before, chunks), judge_chunks(after, chunks)
    none, nothing = np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int32)
    return _Comparison(
        past,
        past.chosen(scope),
        np.concatenate([none, *(verdicts.tier for verdicts in old)]),
        np.concatenate([none, *(verdicts.tier for verdicts in new)]),
        np.concatenate([nothing, *(verdicts.points for verdicts in old)]),
        np.concatenate([nothing, *(verdicts.points for verdicts in new)]),
    )


def _report(
    found: _Comparison, before: Judge, after: Judge, scope: Scope, total: int, *, is_sample: bool, started: float
) -> Backtest:
    past, chosen, change = found.past, found.chosen, found.change
    seen = chosen & past.is_seen
    dated = chosen & past.is_dated
    looked_at = int(np.count_nonzero(chosen))
    scale = total / max(1, sum(chunk.n - len(chunk.dead) for chunk in past.chunks)) if is_sample else 1.0
    weeks = _weeks(past.on[dated])
    per_week = scale / weeks if weeks else None
    changes = _changes(past, change, seen)
    halves = _halves(past, change, seen)
    flipped, flips = _flips(found, 0, FLIPS)
    unseen = np.bincount(change[chosen & ~past.is_seen], minlength=4)
    observed = int(np.count_nonzero(seen))
    return Backtest(
        scope=scope,
        is_exact=not is_sample,
        cases=looked_at,
        of=round(looked_at * scale),
        observed=observed,
        undated=looked_at - int(np.count_nonzero(dated)),
        weeks=weeks,
        tiers=_flows(found, dated, per_week),
        changes=changes,
        unobservable=Unobservable(int(unseen.sum()), int(unseen[NEWLY_IN]), int(unseen[NEWLY_OUT])),
        by_source=_parts(past, past.source, change, chosen, per_week, _source_names),
        by_rep=_parts(past, past.rep, change, chosen, per_week, _rep_names),
        flipped=flipped,
        flips=tuple(flips),
        halves=halves,
        cautions=tuple(cautions_about(past, chosen, before, after, changes, halves, int(unseen[NEWLY_IN]))),
        currency=settings.REPORTING_CURRENCY,
        took_ms=round((time.perf_counter() - started) * 1000, 1),
    )


def _weeks(days: NDArray[np.int32]) -> float | None:
    """From the first to the last day, in weeks; None without dated cases."""
    return (int(days.max()) - int(days.min()) + 1) / _WEEK if len(days) else None


def _flows(found: _Comparison, dated: NDArray[np.bool_], per_week: float | None) -> tuple[TierFlow, ...]:
    old = np.bincount(found.before[found.chosen], minlength=4)
    new = np.bincount(found.after[found.chosen], minlength=4)
    old_dated = np.bincount(found.before[dated], minlength=4)
    new_dated = np.bincount(found.after[dated], minlength=4)
    return tuple(
        TierFlow(
            tier, int(old[tier]), int(new[tier]),
            None if per_week is None else float(old_dated[tier] * per_week),
            None if per_week is None else float(new_dated[tier] * per_week),
        )
        for tier in (1, 2, 3)
    )  # fmt: skip


def _changes(past: Past, change: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Changes:
    zeros = np.zeros(past.n, dtype=np.int32)
    return _changes_by(past, zeros, 1, change, mask)[0]


def _changes_by(
    past: Past, codes: NDArray[np.int32], n: int, change: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> list[Changes]:
    """Kept, newly in and newly out for each code, with what became of them: one count over all cases."""
    slot = codes * np.int32(4) + change
    counts = np.bincount(
        slot[mask] * np.int32(OUTCOMES) + past.outcome[mask], minlength=n * 4 * OUTCOMES
    ).reshape(n, 4, 4, 2, 2, 3)  # fmt: skip
    money = [_sums(amounts, slot, mask, n * 4).reshape(n, 4) for amounts in (past.pipeline, past.revenue)]
    return [
        Changes(*(_group(counts[code, slot], money[0][code, slot], money[1][code, slot]) for slot in range(3)))
        for code in range(n)
    ]


def _sums(
    sparse: tuple[NDArray[np.intp], NDArray[np.int64]], slot: NDArray[np.int32], mask: NDArray[np.bool_], n: int
) -> NDArray[np.int64]:
    places, amounts = sparse
    wanted = mask[places]
    sums = np.zeros(n, dtype=np.int64)
    np.add.at(sums, slot[places[wanted]], amounts[wanted])
    return sums


def _group(counts: NDArray[np.int64], pipeline: np.int64, revenue: np.int64) -> Group:
    """`counts` by answer, met, opportunity and result."""
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
        pipeline=Decimal(int(pipeline)) / 100,
        revenue=Decimal(int(revenue)) / 100,
    )


def _parts(
    past: Past,
    words: Words,
    change: NDArray[np.uint8],
    chosen: NDArray[np.bool_],
    per_week: float | None,
    names: Any,
) -> tuple[Part, ...]:
    n = len(words.words)
    if not n:
        return ()
    changes = _changes_by(past, words.codes, n, change, chosen & past.is_seen)
    flows = np.bincount(
        (words.codes * np.int32(4) + change)[chosen & past.is_dated], minlength=n * 4
    ).reshape(n, 4)  # fmt: skip
    present = np.bincount(words.codes[chosen], minlength=n)
    known = names([pk for pk in words.ids() if pk is not None])
    parts = []
    for code, pk in enumerate(words.ids()):
        if present[code]:
            kept, new, gone = (int(flows[code, slot]) for slot in (KEPT, NEWLY_IN, NEWLY_OUT))
            rates = (None, None) if per_week is None else ((kept + gone) * per_week, (kept + new) * per_week)
            parts.append(Part(pk, known.get(pk, ""), *rates, changes[code]))
    return tuple(sorted(parts, key=lambda part: (-abs(part.per_week or 0.0), part.name, str(part.id))))


def _source_names(ids: list[UUID]) -> dict[UUID, str]:
    return dict(Source.objects.filter(pk__in=ids).values_list("pk", "name"))


def _rep_names(ids: list[UUID]) -> dict[UUID, str]:
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))


def _halves(past: Past, change: NDArray[np.uint8], seen: NDArray[np.bool_]) -> tuple[Half, ...]:
    """The dated cases cut in two by time: whoever fits a rule to the older half sees in the newer whether it holds."""
    dated = seen & past.is_dated
    days = past.on[dated]
    if not len(days) or int(days.max()) - int(days.min()) < _DAYS_TO_HALVE:
        return ()
    middle = int(np.partition(days, len(days) // 2)[len(days) // 2])
    masks = (dated & (past.on < middle), dated & (past.on >= middle))
    if not all(mask.any() for mask in masks):
        return ()
    return tuple(
        Half(date_of(past.on[mask].min()), date_of(past.on[mask].max()), _changes(past, change, mask)) for mask in masks
    )


def _flips(found: _Comparison, offset: int, limit: int) -> tuple[int, list[Flip]]:
    """Cases whose tier changes: those that cross into or out of tier 1 first, then by how far their order moves."""
    places = np.flatnonzero(found.chosen & (found.before != found.after))
    moved = np.abs(found.points_after[places].astype(np.int64) - found.points_before[places])
    crosses = (found.before[places] == 1) | (found.after[places] == 1)
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
            tier_before=int(found.before[place]),
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
