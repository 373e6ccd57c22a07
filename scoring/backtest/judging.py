"""Judges every packed case by a rulebook: chunk by chunk, two at a time, and never the same twice."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import names_asked
from scoring.backtest.remembering import Memory, RememberingWorkspace
from scoring.backtest.store import Chunk, Facts, Store
from scoring.engine import CompiledRulebook, compile_rulebook
from scoring.engine.compiled import judge, required_fact
from scoring.publishing import content_hash
from scoring.rules import parse_rulebook
from scoring.rules.conditions import ActQuestion, Condition, Known, attributes_of, kinds_of

MOST_KEPT = 3
"""Rulebooks whose verdicts are kept: five bytes for each case and rulebook."""


@dataclass(frozen=True)
class Judge:
    """A rulebook that judges cases. `digest` names its exact content."""

    compiled: CompiledRulebook
    digest: str

    @cached_property
    def conditions(self) -> tuple[Condition | ActQuestion, ...]:
        """Everything it asks of a case, whole conditions and the acts that points fade with."""
        definition = self.compiled.definition
        tiers = (definition.tier_1, definition.tier_2)
        return (
            *(rule.condition for rule in definition.rules),
            *(rule.fading for rule in definition.rules if rule.fading is not None),
            *(no.condition for no in definition.disqualifiers),
            definition.hand_raise,
            *(required_fact(name) for tier in tiers for name in tier.required_facts),
            *(tier.condition for tier in tiers if tier.condition is not None),
            *(Known(name) for name in self.compiled.attributes),
        )


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

    Raises PastMoved if a chunk was packed anew meanwhile.
    """
    keys = [(chunk.version, chunk.is_sample) for chunk in chunks]
    with _lock:
        known = [dict(_verdicts.get(judge.digest, {})) for judge in judges]
    asked = {  # by chunk: which of the judges never saw it
        chunk.pk: [place for place, one in enumerate(known) if key not in one]
        for key, chunk in zip(keys, chunks, strict=True)
    }
    fresh = [chunk for chunk in chunks if asked[chunk.pk]]
    wanted = {chunk.pk: columns_wanted([judges[n] for n in asked[chunk.pk]], chunk.memory) for chunk in fresh}

    def judged(facts: Facts) -> list[Verdicts]:
        return _judge_chunk([judges[n] for n in asked[facts.chunk.pk]], facts)

    for group in cases.facts(wanted, fresh):
        for facts, found in zip(group, in_parallel(judged, group), strict=True):
            for place, verdict in zip(asked[facts.chunk.pk], found, strict=True):
                known[place][facts.chunk.version, facts.chunk.is_sample] = verdict
    with _lock:
        for judge, verdicts in zip(judges, known, strict=True):
            _keep(judge, verdicts, set(keys))
    return [_joined([verdicts[key] for key in keys]) for verdicts in known]


def columns_wanted(judges: Sequence[Judge], memory: Memory) -> set[str]:
    """The columns behind whatever these judges ask and the memory of a chunk does not know."""
    unknown = [condition for one in judges for condition in one.conditions if condition not in memory]
    attributes = {name for condition in unknown for name in attributes_of(condition)}
    return names_asked(
        attributes,
        acts=any(kinds_of(condition) for condition in unknown),
        colleagues=any(question.asked_account_kinds() for one in unknown for question in one.questions()),
    )


def _judge_chunk(judges: Sequence[Judge], facts: Facts) -> list[Verdicts]:
    """One chunk's verdicts; the judges share what they look up."""
    workspace = RememberingWorkspace(facts.columns, facts.chunk.memory)
    found = []
    for one in judges:
        tier, points = judge(one.compiled, workspace)
        for name in one.compiled.attributes:
            workspace.mask(Known(name))  # whether it is known at all is said beside the numbers
        found.append(Verdicts(tier.astype(np.uint8), points.astype(np.int32)))
    return found


def _keep(judge: Judge, verdicts: dict[tuple[UUID, bool], Verdicts], current: set[tuple[UUID, bool]]) -> None:
    """What nobody asks for any more goes; the sample and the whole of one moment stay side by side."""
    samples = {is_sample for _version, is_sample in current}
    _verdicts[judge.digest] = {key: one for key, one in verdicts.items() if key in current or key[1] not in samples}
    _verdicts.move_to_end(judge.digest)
    while len(_verdicts) > MOST_KEPT:
        _verdicts.popitem(last=False)


def _joined(parts: Sequence[Verdicts]) -> Verdicts:
    none = Verdicts(np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int32))
    return Verdicts(
        np.concatenate([none.tier, *(part.tier for part in parts)]),
        np.concatenate([none.points, *(part.points for part in parts)]),
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
_verdicts: OrderedDict[str, dict[tuple[UUID, bool], Verdicts]] = OrderedDict()
_lock = threading.Lock()
os.register_at_fork(after_in_child=_pool.cache_clear)
