"""Judges every packed case by a rulebook: chunk by chunk, two at a time, and never the same twice."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import names_asked
from scoring.backtest.remembering import ColumnNotRead, Memory, RememberingWorkspace
from scoring.backtest.store import Chunk, Facts, Store
from scoring.engine import CompiledRulebook, compile_rulebook
from scoring.engine.compiled import judge, required_fact
from scoring.publishing import content_hash
from scoring.rules import parse_rulebook
from scoring.rules.conditions import ActQuestion, Condition, Known, attributes_of, kinds_of

MOST_KEPT = 3
"""Rulebooks whose verdicts are kept: five bytes for each case and rulebook."""

Key = tuple[UUID, int]
"""One writing of a chunk, or of its sample, and how many cases it has."""


@dataclass(frozen=True)
class Judge:
    """A rulebook that judges cases. `digest` names its exact content."""

    compiled: CompiledRulebook
    digest: str

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition it asks of a case, and whether each fact is known: that is said beside the numbers."""
        definition = self.compiled.definition
        tiers = (definition.tier_1, definition.tier_2)
        return (
            *(rule.condition for rule in definition.rules if rule.points),
            *(no.condition for no in definition.disqualifiers),
            definition.hand_raise,
            *(required_fact(name) for tier in tiers for name in tier.required_facts),
            *(tier.condition for tier in tiers if tier.condition is not None),
            *self.is_known,
        )

    @cached_property
    def is_known(self) -> tuple[Known, ...]:
        return tuple(Known(name) for name in self.compiled.attributes)

    @cached_property
    def fading(self) -> tuple[ActQuestion, ...]:
        """The acts that points fade with."""
        return tuple(rule.fading for rule in self.compiled.rules if rule.points and rule.fading is not None)


class Verdicts(NamedTuple):
    """One number for each case: its tier, and its order within the tier (twice intent plus fit plus timing)."""

    tier: NDArray[np.uint8]
    points: NDArray[np.int32]


def judge_of(definition: Mapping[str, Any]) -> Judge:
    """The judge of a definition with its kinds stamped. Raises InvalidRulebook with every problem."""
    digest = content_hash(definition)
    judge = _judges.get(digest)
    if judge is None:
        judge = Judge(compile_rulebook(parse_rulebook(definition)), digest)
        with _lock:
            _judges[digest] = judge
            while len(_judges) > _MOST_JUDGES:
                _judges.popitem(last=False)
    return judge


def judge_chunks(judges: Sequence[Judge], chunks: Sequence[Chunk], cases: Store) -> list[Verdicts]:
    """What each rulebook says to every case, chunk after chunk; what was judged before by the same content is kept.

    The same question about the same chunks is answered by the same arrays. Raises PastMoved if a chunk was packed anew
    meanwhile.
    """
    drafts = [_Draft.of(judge, chunks) for judge in judges]
    asked = {chunk.pk: [draft for draft in drafts if chunk.pk in draft.missing] for chunk in chunks}
    fresh = [chunk for chunk in chunks if asked[chunk.pk]]
    wanted = {
        chunk.pk: columns_wanted([draft.judge for draft in asked[chunk.pk]], chunk.memory) for chunk in fresh
    }  # fmt: skip

    def judged(facts: Facts) -> Chunk | None:
        """The chunk if it has to be judged again: something was forgotten meanwhile."""
        workspace = RememberingWorkspace(facts.columns, facts.chunk.memory, facts.chunk.n)
        try:
            for draft in asked[facts.chunk.pk]:
                draft.judge_chunk(facts.chunk.pk, workspace)
        except ColumnNotRead:
            return facts.chunk
        return None

    again = [*in_parallel(judged, [Facts(chunk, {}) for chunk in fresh if not wanted[chunk.pk]])]
    for group in cases.facts({pk: names for pk, names in wanted.items() if names}, fresh):
        again += in_parallel(judged, group)
    for chunk in (replace(chunk, memory=Memory()) for chunk in again if chunk):
        everything = {chunk.pk: columns_wanted([draft.judge for draft in asked[chunk.pk]], chunk.memory)}
        for (facts,) in cases.facts(everything, [chunk]):
            judged(facts)
    return [draft.keep() for draft in drafts]


@dataclass(frozen=True)
class _Kept:
    """The verdicts of some chunks, one after the other."""

    keys: tuple[Key, ...]
    verdicts: Verdicts


@dataclass
class _Draft:
    """What one rulebook says to some chunks, while it is worked out. `missing` are those it never saw, and where."""

    judge: Judge
    is_sample: bool
    kept: _Kept
    missing: dict[int, slice]

    @classmethod
    def of(cls, judge: Judge, chunks: Sequence[Chunk]) -> _Draft:
        keys = tuple((chunk.version, chunk.n) for chunk in chunks)
        is_sample = bool(chunks) and chunks[0].is_sample
        with _lock:
            before = _verdicts.get((judge.digest, is_sample))
        if before is not None and before.keys == keys:
            return cls(judge, is_sample, before, {})
        known = dict(zip(before.keys, _slices(before.keys), strict=True)) if before else {}
        n = sum(size for _version, size in keys)
        verdicts = Verdicts(np.empty(n, dtype=np.uint8), np.empty(n, dtype=np.int32))
        missing = {}
        for chunk, key, place in zip(chunks, keys, _slices(keys), strict=True):
            if before is None or key not in known:
                missing[chunk.pk] = place
            else:
                verdicts.tier[place] = before.verdicts.tier[known[key]]
                verdicts.points[place] = before.verdicts.points[known[key]]
        return cls(judge, is_sample, _Kept(keys, verdicts), missing)

    def judge_chunk(self, pk: int, workspace: RememberingWorkspace) -> None:
        place = self.missing[pk]
        self.kept.verdicts.tier[place], self.kept.verdicts.points[place] = judge(self.judge.compiled, workspace)
        for known in self.judge.is_known:
            workspace.remember(known)

    def keep(self) -> Verdicts:
        """Keeps the verdicts of the latest rulebooks."""
        with _lock:
            _verdicts[self.judge.digest, self.is_sample] = self.kept
            _verdicts.move_to_end((self.judge.digest, self.is_sample))
            kinds = [name for name in _verdicts if name[1] == self.is_sample]
            for name in kinds[:-MOST_KEPT]:
                del _verdicts[name]
        return self.kept.verdicts


def _slices(keys: Sequence[Key]) -> Iterator[slice]:
    end = 0
    for _version, n in keys:
        yield slice(end, end + n)
        end += n


def columns_wanted(judges: Sequence[Judge], memory: Memory) -> set[str]:
    """The columns behind whatever these judges ask and the memory of a chunk does not know."""
    unknown: list[Condition | ActQuestion] = []
    for one in judges:
        unknown += [condition for condition in one.conditions if not memory.knows(condition)]
        unknown += [question for question in one.fading if not memory.knows_age(question)]
    if not unknown:
        return set()
    return names_asked(
        {name for condition in unknown for name in attributes_of(condition)},
        acts=any(kinds_of(condition) for condition in unknown),
        colleagues=any(question.asked_account_kinds() for one in unknown for question in one.questions()),
    )


def in_parallel(work: Callable[[Facts], Any], group: Sequence[Facts]) -> Iterator[Any]:
    """The results of some work on each chunk, in order."""
    return _pool().map(work, group)


def forget_verdicts() -> None:
    """Drops everything: for measurements of a cold start."""
    with _lock:
        _verdicts.clear()


@cache
def _pool() -> ThreadPoolExecutor:
    """NumPy lets go of the interpreter while it computes, so two threads use two processors."""
    return ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1), thread_name_prefix="backtest")


_MOST_JUDGES = 64
_judges: OrderedDict[str, Judge] = OrderedDict()
_verdicts: OrderedDict[tuple[str, bool], _Kept] = OrderedDict()
_lock = threading.Lock()
os.register_at_fork(after_in_child=_pool.cache_clear)
