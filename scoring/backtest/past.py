"""The labels of all chunks side by side, worked out once for each state of the past. Pure but for what it is given."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import Column
from scoring.backtest.labels import label
from scoring.backtest.report import Scope
from scoring.backtest.store import Chunk
from scoring.engine.frame import UNDATED, day_of
from scoring.models import CaseKind

K = TypeVar("K", bound=np.generic)

OUTCOMES = 4 * 2 * 2 * 3
"""Answer × met × opportunity × result: what became of a case as one number."""


@dataclass(frozen=True)
class Words:
    """A column of texts over all chunks: codes into `words`."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def ids(self) -> list[UUID | None]:
        return [UUID(word) if word else None for word in self.words]


@dataclass(frozen=True)
class Past:
    """Columns over all cases, in the order of the chunks. Money is sparse: places and hundredths."""

    chunks: tuple[Chunk, ...]
    on: NDArray[np.int32]
    outcome: NDArray[np.uint8]
    counts: NDArray[np.bool_]
    is_seen: NDArray[np.bool_]
    is_narrow: NDArray[np.bool_]
    source: Words
    rep: Words
    pipeline: tuple[NDArray[np.intp], NDArray[np.int64]]
    revenue: tuple[NDArray[np.intp], NDArray[np.int64]]

    @property
    def n(self) -> int:
        return len(self.on)

    @cached_property
    def is_dated(self) -> NDArray[np.bool_]:
        return self.on != UNDATED

    def chosen(self, scope: Scope) -> NDArray[np.bool_]:
        """The cases of a scope that count: past ones, and leads that were never shown to sales."""
        mask = self.counts.copy()
        if scope.first_on is not None:
            mask &= self.on >= day_of(scope.first_on)
        if scope.last_on is not None:
            mask &= (self.on <= day_of(scope.last_on)) & self.is_dated
        for words, wanted in ((self.source, scope.source_id), (self.rep, scope.rep_id)):
            if wanted is not None:
                text = str(wanted)
                mask &= words.codes == (words.words.index(text) if text in words.words else -1)
        return mask

    def case_at(self, place: int) -> int:
        """The id of the case at one place."""
        for chunk in self.chunks:
            if place < chunk.n:
                column = label(chunk.labels, "case")
                return int(column.codes[place]) + column.low - 2
            place -= chunk.n
        raise IndexError(place)


def past_of(chunks: Sequence[Chunk]) -> Past:
    """The past of these chunks; the same object as the last time if they are the same."""
    key = tuple(chunks)
    with _lock:
        for known in _known:
            if len(known.chunks) == len(key) and all(a is b for a, b in zip(known.chunks, key, strict=True)):
                return known
    past = _build(key)
    with _lock:
        _known[:] = [past, *[known for known in _known if not _same_kind(known, past)]][:2]
    return past


def _same_kind(one: Past, other: Past) -> bool:
    return bool(one.chunks) and bool(other.chunks) and one.chunks[0].is_sample == other.chunks[0].is_sample


def _build(chunks: tuple[Chunk, ...]) -> Past:
    def numbers(name: str, kind: type[K]) -> NDArray[K]:
        parts = [label(chunk.labels, name).values().astype(kind) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty(0, dtype=kind)

    answer, met, opportunity, result = (
        numbers(name, np.uint8) for name in ("answer", "was_met", "has_opportunity", "result")
    )
    kind = numbers("kind", np.uint8)
    alive = np.concatenate([chunk.alive for chunk in chunks]) if chunks else np.empty(0, dtype=np.bool_)
    is_seen = kind != CaseKind.LEAD
    return Past(
        chunks=chunks,
        on=numbers("on", np.int32),
        outcome=(((answer * 2 + met) * 2 + opportunity) * 3 + result).astype(np.uint8),
        counts=alive & (is_seen | (numbers("was_shown", np.uint8) == 0)),
        is_seen=is_seen,
        is_narrow=numbers("is_narrow", np.uint8) == 1,
        source=_words([label(chunk.labels, "source") for chunk in chunks]),
        rep=_words([label(chunk.labels, "rep") for chunk in chunks]),
        pipeline=_sparse([label(chunk.labels, "pipeline") for chunk in chunks]),
        revenue=_sparse([label(chunk.labels, "revenue") for chunk in chunks]),
    )  # fmt: skip


def _words(columns: Sequence[Column]) -> Words:
    words: dict[str, int] = {}
    parts = []
    for column in columns:
        new = np.array([words.setdefault(word, len(words)) for word in column.words], dtype=np.int32)
        parts.append(new[column.values()])
    return Words(np.concatenate(parts) if parts else np.empty(0, dtype=np.int32), tuple(words))


def _sparse(columns: Sequence[Column]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    places, amounts, first = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.int64)], 0
    for column in columns:
        values = column.values()
        found = np.flatnonzero(values)
        places.append(found + first)
        amounts.append(values[found])
        first += len(values)
    return np.concatenate(places), np.concatenate(amounts)


_known: list[Past] = []
_lock = threading.Lock()
