"""Judges every packed case by a rulebook: chunk by chunk, two at a time, and never the same twice."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import frame_from, names_asked
from scoring.backtest.store import Chunk
from scoring.engine import CompiledRulebook, compile_rulebook, evaluate
from scoring.publishing import content_hash
from scoring.rules import parse_rulebook

MOST_KEPT = 6
"""Rulebooks whose verdicts are kept: five bytes for each case and rulebook."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A rulebook that judges cases. `digest` names its exact content."""

    compiled: CompiledRulebook
    digest: str

    @property
    def columns(self) -> set[str]:
        """The columns of facts it reads."""
        return names_asked(
            self.compiled.attributes,
            acts=bool(self.compiled.signal_kinds),
            colleagues=bool(self.compiled.account_kinds),
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


def judge_chunks(judge: Judge, chunks: Sequence[Chunk]) -> list[Verdicts]:
    """What the rulebook says to each case of each chunk; chunks judged before by the same content are not again."""
    keys = [(chunk.version, chunk.is_sample) for chunk in chunks]
    with _lock:
        known = dict(_verdicts.get(judge.digest, {}))
    fresh = [chunk for chunk, key in zip(chunks, keys, strict=True) if key not in known]
    for chunk, verdicts in zip(
        fresh, _pool().map(lambda chunk: judge_chunk(judge.compiled, chunk), fresh), strict=True
    ):
        known[chunk.version, chunk.is_sample] = verdicts
    current = set(keys)
    with _lock:
        # What is no longer asked for goes; the sample and the whole of one moment stay side by side.
        kept = {key: found for key, found in known.items() if key in current or key[1] != chunks[0].is_sample}
        _verdicts[judge.digest] = kept if chunks else {}
        _verdicts.move_to_end(judge.digest)
        while len(_verdicts) > MOST_KEPT:
            _verdicts.popitem(last=False)
    return [known[key] for key in keys]


def judge_chunk(compiled: CompiledRulebook, chunk: Chunk) -> Verdicts:
    """One chunk's verdicts, worked out."""
    evaluation = evaluate(compiled, frame_from(chunk.facts, compiled.attributes))
    return Verdicts(evaluation.tier.astype(np.uint8), evaluation.priority.astype(np.int32))


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
