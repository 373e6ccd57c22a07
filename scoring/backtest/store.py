"""Keeps the packed past in this process, so that the next question reads only what changed since.

Measured on two cores: a million cases as compact columns take about 60 to 110 MB and are read from PostgreSQL in well
under a second; a file mapped into memory would save that second once for each process, at the price of a second store
to keep in step, to back up and to clean away. So the chunks live in the database alone, and each process keeps what it
was asked for, up to BUDGET bytes; what does not fit is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.backtest.columns import ABSENT, Column
from scoring.backtest.labels import LABEL_NAMES, CaseLabel, relabel
from scoring.backtest.packing import SAMPLE_EVERY

BUDGET = 140 * 2**20
"""Bytes of columns that one process keeps; a web worker has 250 MB in all."""


@dataclass(frozen=True)
class Chunk:
    """One chunk as it is now: its facts as packed, its labels with whatever changed since, and its dead places."""

    pk: int
    n: int
    version: UUID
    since: Mapping[str, int]
    facts: Mapping[str, Column]
    labels: Mapping[str, Column]
    dead: tuple[int, ...]
    is_sample: bool

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        mask = np.ones(self.n, dtype=np.bool_)
        mask[list(self.dead)] = False
        return mask


class _State(NamedTuple):
    """What one statement sees of a chunk."""

    pk: int
    n: int
    version: UUID
    labels_version: UUID
    since: Mapping[str, int]
    dead: tuple[int, ...]
    relabelled: dict[int, CaseLabel]


@dataclass
class _Kept:
    """One chunk, or its sample, in this process."""

    version: UUID
    facts: dict[str, Column] = field(default_factory=dict)
    labels_version: UUID | None = None
    labels: dict[str, Column] = field(default_factory=dict)
    relabelled: Mapping[int, CaseLabel] = field(default_factory=dict)
    chunk: Chunk | None = None

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in (*self.facts.values(), *self.labels.values()))


class Store:
    """Chunks by id. Threads take turns reading; what they were given never changes under them."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int, bool], _Kept] = {}

    def chunks(self, names: Iterable[str], *, is_sample: bool = False, is_past: bool | None = None) -> list[Chunk]:
        """Every chunk with these columns of facts and all labels, as one moment saw them. At most three queries."""
        wanted = frozenset(names)
        with self._lock:
            while True:
                states = _states(is_past)
                if is_sample:
                    states = [_sampled(state) for state in states]
                self._forget(states, is_sample, is_past)
                found = self._read(states, wanted, is_sample)
                if found is not None:
                    self._shrink(wanted)
                    return found

    def forget(self) -> None:
        """Drops everything: for measurements of a cold start."""
        with self._lock:
            self._kept.clear()

    @property
    def nbytes(self) -> int:
        return sum(kept.nbytes for kept in self._kept.values())

    def _key(self, pk: int, is_sample: bool) -> tuple[str, int, bool]:
        return str(connection.settings_dict["NAME"]), pk, is_sample

    def _forget(self, states: list[_State], is_sample: bool, is_past: bool | None) -> None:
        """Drops chunks that were written anew or are gone."""
        current = {self._key(state.pk, is_sample): state.version for state in states}
        database = str(connection.settings_dict["NAME"])
        for key, kept in list(self._kept.items()):
            is_gone = is_past is None and key[0] == database and key[2] == is_sample and key not in current
            if is_gone or (key in current and kept.version != current[key]):
                del self._kept[key]

    def _read(self, states: list[_State], wanted: frozenset[str], is_sample: bool) -> list[Chunk] | None:
        """The chunks of these states; None if one was written anew between the two looks."""
        missing: dict[int, set[str]] = {}
        for state in states:
            kept = self._kept.setdefault(self._key(state.pk, is_sample), _Kept(state.version))
            lacking = set(wanted.difference(kept.facts))
            if kept.labels_version != state.labels_version:
                lacking |= LABEL_NAMES
            if lacking:
                missing[state.pk] = lacking
        versions = {state.pk: (state.version, state.labels_version) for state in states}
        fresh: dict[int, dict[str, Column]] = {pk: {} for pk in missing}
        for pk, version, labels_version, name, data in _columns(missing, is_sample):
            if versions[pk] != (version, labels_version):
                return None
            if name in missing[pk]:
                fresh[pk][name] = Column.from_bytes(data)
        if any(not columns for columns in fresh.values()):
            return None
        return [self._chunk(state, fresh.get(state.pk, {}), wanted, is_sample) for state in states]

    def _chunk(self, state: _State, fresh: dict[str, Column], wanted: frozenset[str], is_sample: bool) -> Chunk:
        """The chunk as it is now: the same object as before if nothing changed, so that what is derived can be kept."""
        kept = self._kept[self._key(state.pk, is_sample)]
        labels = {name: column for name, column in fresh.items() if name in LABEL_NAMES}
        if labels:
            kept.labels, kept.relabelled, kept.labels_version = labels, {}, state.labels_version
        changed = bool(labels)
        if state.relabelled and state.relabelled != kept.relabelled:
            kept.labels, kept.relabelled, changed = relabel(kept.labels, state.relabelled), state.relabelled, True
        for name in wanted.difference(kept.facts):
            kept.facts[name] = fresh.get(name, ABSENT)
        known = kept.chunk
        if known is None or changed or known.dead != state.dead or not wanted <= known.facts.keys():
            known = kept.chunk = Chunk(
                state.pk, state.n, state.version, state.since, dict(kept.facts), kept.labels, state.dead, is_sample
            )
        return known

    def _shrink(self, wanted: frozenset[str]) -> None:
        """Gives up facts that nobody asked just now, then whole chunks, until what is kept fits."""
        if self.nbytes <= self.budget:
            return
        for kept in self._kept.values():
            kept.facts = {name: column for name, column in kept.facts.items() if name in wanted}
            kept.chunk = None
        for key in list(self._kept):
            if self.nbytes <= self.budget:
                return
            del self._kept[key]


store = Store()
"""The one of this process."""


def _states(is_past: bool | None) -> list[_State]:
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [is_past, is_past])
        rows = cursor.fetchall()
    return [
        _State(pk, n, version, labels_version, _object(since), tuple(dead), _labels(_object(relabelled)))
        for pk, n, version, labels_version, since, dead, relabelled in rows
    ]


def _object(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _labels(rows: list[list[Any]] | None) -> dict[int, CaseLabel]:
    return {
        place: CaseLabel(
            0, 0, None, _NOWHERE, UUID(rep) if rep else None, answer, reason, bool(met), bool(opportunity), result,
            was_shown=False, is_narrow=False, pipeline=Decimal(str(pipeline)), revenue=Decimal(str(revenue)),
        )
        for place, rep, answer, reason, met, opportunity, result, pipeline, revenue in rows or ()
    }  # fmt: skip


def _sampled(state: _State) -> _State:
    return state._replace(
        n=(state.n + SAMPLE_EVERY - 1) // SAMPLE_EVERY,
        dead=tuple(place // SAMPLE_EVERY for place in state.dead if place % SAMPLE_EVERY == 0),
        relabelled={
            place // SAMPLE_EVERY: label for place, label in state.relabelled.items() if place % SAMPLE_EVERY == 0
        },
    )


def _columns(missing: Mapping[int, set[str]], is_sample: bool) -> Iterator[tuple[int, UUID, UUID, str, memoryview]]:
    if not missing:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [is_sample, sorted(set().union(*missing.values())), list(missing)])
        yield from cursor.fetchall()


_NOWHERE = UUID(int=0)
_STATES = """
SELECT chunk.id, chunk.n, chunk.version, chunk.labels_version, chunk.since, chunk.dead, relabelled.rows
  FROM scoring_casechunk chunk
  LEFT JOIN (
       SELECT chunk_id, json_agg(json_build_array(place, rep_id, answer, reason, was_met, has_opportunity, result,
                                                  pipeline::text, revenue::text)) AS rows
         FROM scoring_case WHERE is_relabelled AND chunk_id IS NOT NULL GROUP BY chunk_id
  ) relabelled ON relabelled.chunk_id = chunk.id
 WHERE %s::boolean IS NULL OR chunk.is_past = %s
 ORDER BY chunk.id
"""
_COLUMNS = """
SELECT chunk.id, chunk.version, chunk.labels_version, stored.name, stored.data
  FROM scoring_casechunk chunk
  JOIN scoring_casecolumn stored ON stored.chunk_id = chunk.id AND stored.is_sample = %s AND stored.name = ANY(%s)
 WHERE chunk.id = ANY(%s)
"""
