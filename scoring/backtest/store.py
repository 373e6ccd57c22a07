"""Keeps the packed past in this process, so that the next question reads only what changed since.

What a million cases cost was measured in three places. As compact columns they take about 100 MB and are read from
PostgreSQL within half a second; that is too much beside a web worker of 250 MB, and a file mapped into memory would
count the same and be a second store to keep in step, to back up and to clean away. The answers of all conditions of two
rulebooks take 25 MB. So each process keeps labels and answers, of the facts only what fits into BUDGET, and reads the
columns again that a condition asks about for the first time.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import orjson
import psycopg
from django.db import connection
from numpy.typing import NDArray

from scoring.backtest.columns import ABSENT, AS_OF, Column
from scoring.backtest.labels import LABEL_NAMES, CaseLabel, relabel
from scoring.backtest.packing import SAMPLE_EVERY
from scoring.backtest.remembering import Memory

BUDGET = 40 * 2**20
"""Bytes of facts that one process keeps."""


@dataclass(frozen=True)
class Chunk:
    """One chunk as it is now: its labels with whatever changed since, its dead places, and what was answered so far."""

    pk: int
    n: int
    version: UUID
    since: Mapping[str, int]
    labels: Mapping[str, Column]
    dead: tuple[int, ...]
    is_sample: bool
    memory: Memory

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        mask = np.ones(self.n, dtype=np.bool_)
        mask[list(self.dead)] = False
        return mask


class Facts(NamedTuple):
    """A chunk and some columns of its facts."""

    chunk: Chunk
    columns: Mapping[str, Column]


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
    memory: Memory = field(default_factory=Memory)
    chunk: Chunk | None = None

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self.facts.values())


class Store:
    """Chunks by id. Threads take turns reading; what they were given never changes under them."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int, bool], _Kept] = {}

    def chunks(self, *, is_sample: bool = False, is_past: bool | None = None) -> list[Chunk]:
        """Every chunk with its labels, as one moment saw them. Two queries, one of them only for what changed."""
        with self._lock:
            while True:
                states = _states(is_past)
                if is_sample:
                    states = [_sampled(state) for state in states]
                self._forget(states, is_sample, is_past)
                found = self._read(states, is_sample)
                if found is not None:
                    return found

    def facts(self, wanted: Mapping[int, Collection[str]], chunks: Sequence[Chunk]) -> Iterator[list[Facts]]:
        """The wanted columns of chunks, some chunks at a time, so that never all are in memory.

        Raises PastMoved if a chunk was packed anew since it was read.
        """
        asked = [chunk for chunk in chunks if chunk.pk in wanted]
        for start in range(0, len(asked), _AT_ONCE):
            group = asked[start : start + _AT_ONCE]
            with self._lock:
                found = self._facts(group, wanted)
                self._shrink()
            yield found

    def _facts(self, group: Sequence[Chunk], wanted: Mapping[int, Collection[str]]) -> list[Facts]:
        is_sample = group[0].is_sample
        kept = {chunk.pk: self._kept.get(self._key(chunk.pk, is_sample)) or _Kept(chunk.version) for chunk in group}
        missing = {pk: lacking for pk, one in kept.items() if (lacking := set(wanted[pk]).difference(one.facts))}
        for pk, version, _labels, name, data in _columns(missing, is_sample):
            if version != kept[pk].version:
                raise PastMoved
            kept[pk].facts[name] = Column.from_bytes(data)
        for pk, names in missing.items():
            if not kept[pk].facts.keys() & {AS_OF}:
                raise PastMoved
            for name in names:
                kept[pk].facts.setdefault(name, ABSENT)
        return [Facts(chunk, {name: kept[chunk.pk].facts[name] for name in wanted[chunk.pk]}) for chunk in group]

    def forget(self) -> None:
        """Drops everything: for measurements of a cold start."""
        with self._lock:
            self._kept.clear()

    @property
    def nbytes(self) -> int:
        """Bytes of facts that are kept now."""
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

    def _read(self, states: list[_State], is_sample: bool) -> list[Chunk] | None:
        """The chunks of these states; None if one was written anew between the two looks."""
        missing: dict[int, set[str]] = {}
        for state in states:
            kept = self._kept.setdefault(self._key(state.pk, is_sample), _Kept(state.version))
            if kept.labels_version != state.labels_version:
                missing[state.pk] = set(LABEL_NAMES)
        versions = {state.pk: (state.version, state.labels_version) for state in states}
        fresh: dict[int, dict[str, Column]] = {pk: {} for pk in missing}
        for pk, version, labels_version, name, data in _columns(missing, is_sample):
            if versions[pk] != (version, labels_version):
                return None
            fresh[pk][name] = Column.from_bytes(data)
        if any(columns.keys() != LABEL_NAMES for columns in fresh.values()):
            return None
        return [self._chunk(state, fresh.get(state.pk), is_sample) for state in states]

    def _chunk(self, state: _State, fresh: dict[str, Column] | None, is_sample: bool) -> Chunk:
        """The chunk as it is now: the same object as before if nothing changed, so that what is derived can be kept."""
        kept = self._kept[self._key(state.pk, is_sample)]
        changed = fresh is not None
        if fresh is not None:
            kept.labels, kept.relabelled, kept.labels_version = fresh, {}, state.labels_version
        if state.relabelled and state.relabelled != kept.relabelled:
            kept.labels, kept.relabelled, changed = relabel(kept.labels, state.relabelled), state.relabelled, True
        known = kept.chunk
        if known is None or changed or known.dead != state.dead:
            known = kept.chunk = Chunk(
                state.pk, state.n, state.version, state.since, kept.labels, state.dead, is_sample, kept.memory
            )
        return known

    def _shrink(self) -> None:
        """Gives up the facts of chunks until the rest fits; what they answered stays."""
        held = self.nbytes
        for kept in self._kept.values():
            if held <= self.budget:
                return
            held -= kept.nbytes
            kept.facts = {}


class PastMoved(Exception):
    """A chunk was packed anew between two looks at it: ask again."""


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


def _columns(missing: Mapping[int, set[str]], is_sample: bool) -> Iterator[tuple[int, UUID, UUID, str, bytes]]:
    """Columns of some chunks, a few chunks at a time and in PostgreSQL's binary form, which is half as long."""
    if not missing:
        return
    connection.ensure_connection()
    names = sorted(set().union(*missing.values()))
    chunks = sorted(missing)
    with psycopg.Cursor(connection.connection) as cursor:
        for start in range(0, len(chunks), _AT_ONCE):
            cursor.execute(_COLUMNS, [is_sample, names, chunks[start : start + _AT_ONCE]], binary=True)
            yield from cursor


_AT_ONCE = 4
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
  JOIN scoring_casecolumn stored
       ON stored.chunk_id = chunk.id AND stored.is_sample = %s AND stored.name = ANY(%s::text[])
 WHERE chunk.id = ANY(%s::bigint[])
"""
