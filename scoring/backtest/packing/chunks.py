"""Chunks of packed cases: cases are appended, die, and are given up with their chunk; columns are written and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from revops.foundation.arrays import array_of
from revops.foundation.ids import new_id
from scoring.backtest.columns import Column, columns_of, frame_from, join_frames
from scoring.backtest.labels import join_labels, take_labels
from scoring.engine import FactFrame
from scoring.engine.frame import UNDATED
from scoring.models import CaseChunk, CaseColumn
from scoring.rules.attributes import ATTRIBUTES

CHUNK = 32_768
"""Cases in a full chunk: small enough to be judged inside a processor's cache."""

SAMPLE_EVERY = 32
LEAD_IDS = "lead_ids"
"""The column of the ids of leads."""


class Packed(NamedTuple):
    """Cases with their facts and labels, in one order."""

    frame: FactFrame
    labels: dict[str, Column]
    cases: list[int]
    leads: list[UUID]


def append(packed: Packed, *, is_past: bool) -> None:
    """Adds cases to the last chunk of the stream that has room, and to new ones."""
    start = 0
    room = CaseChunk.objects.filter(is_past=is_past, n__lt=CHUNK)
    tail = room.select_for_update().order_by("-pk").first()
    if tail is not None:
        start = min(CHUNK - tail.n, packed.frame.n)
        columns = read_columns(tail)
        old = frame_from(columns, ATTRIBUTES)
        piece = _piece(packed, 0, start)
        ids = np.concatenate([columns[LEAD_IDS].codes, lead_id_codes(piece.leads)])
        labels = join_labels([columns, piece.labels])
        first = tail.n
        tail.n, tail.version, tail.labels_version = tail.n + start, new_id(), new_id()
        write_chunk(tail, join_frames([old, piece.frame]), labels, ids)
        _settle(tail, first, piece.cases)
    for begin in range(start, packed.frame.n, CHUNK):
        piece = _piece(packed, begin, min(begin + CHUNK, packed.frame.n))
        chunk = CaseChunk(is_past=is_past, n=piece.frame.n)
        write_chunk(chunk, piece.frame, piece.labels, lead_id_codes(piece.leads))
        _settle(chunk, 0, piece.cases)


def _piece(packed: Packed, begin: int, end: int) -> Packed:
    places = np.arange(begin, end)
    return Packed(
        packed.frame.take(places.tolist()), take_labels(packed.labels, places), packed.cases[begin:end],
        packed.leads[begin:end],
    )  # fmt: skip


def lead_id_codes(leads: Sequence[UUID]) -> NDArray[np.uint64]:
    """The ids of leads as two numbers each."""
    return np.frombuffer(b"".join(lead.bytes for lead in leads), dtype=">u8").astype(np.uint64)


def lead_ids(columns: Mapping[str, Column]) -> NDArray[np.uint64]:
    """Two numbers for each lead of a chunk: the halves of its id."""
    return columns[LEAD_IDS].codes.reshape(-1, 2).astype(np.uint64, copy=False)


def write_chunk(chunk: CaseChunk, frame: FactFrame, labels: Mapping[str, Column], ids: NDArray[np.uint64]) -> None:
    """Writes a chunk and its sample anew; `ids` are those of the leads as `lead_id_codes` writes them."""
    chunk.since = _since(frame)
    # Places that died meanwhile stay dead: a chunk that exists keeps its list.
    chunk.save(update_fields=None if chunk.pk is None else ["n", "since", "version", "labels_version"])
    sample = np.arange(0, frame.n, SAMPLE_EVERY)
    rows = [
        *stored_columns(chunk, {**columns_of(frame), **labels, LEAD_IDS: Column(ids, 2)}, is_sample=False),
        *stored_columns(
            chunk, {**columns_of(frame.take(sample.tolist())), **take_labels(labels, sample)}, is_sample=True
        ),
    ]
    CaseColumn.objects.filter(chunk=chunk).delete()
    CaseColumn.objects.bulk_create(rows)


def stored_columns(chunk: CaseChunk, columns: Mapping[str, Column], *, is_sample: bool) -> Iterable[CaseColumn]:
    """The rows that hold these columns."""
    for name, column in columns.items():
        yield CaseColumn(chunk=chunk, is_sample=is_sample, name=name, data=column.to_bytes())


def _since(frame: FactFrame) -> dict[str, int]:
    """The first day on which each kind of signal is seen."""
    signals = frame.signals
    first: dict[str, int] = {}
    for code, kind in enumerate(signals.kinds):
        days = signals.day[(signals.kind == code) & (signals.day != UNDATED)]
        if len(days):
            first[kind] = int(days.min())
    return first


def _settle(chunk: CaseChunk, first: int, cases: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [chunk.pk, first, array_of(cases)])


def bury(places: Iterable[tuple[int, int]], moving: Iterable[UUID]) -> None:
    """Marks places as dead whose leads (`moving`) get new ones. Chunks that are mostly dead by then are given up: the
    leads left in them are marked, to be packed anew."""
    by_chunk: dict[int, list[int]] = {}
    for chunk, place in places:
        by_chunk.setdefault(chunk, []).append(place)
    with connection.cursor() as cursor:
        for chunk, dead in sorted(by_chunk.items()):
            cursor.execute("UPDATE scoring_casechunk SET dead = dead || %s::int[] WHERE id = %s", [dead, chunk])
        cursor.execute(_DISSOLVE, [list(by_chunk), array_of(moving)])


def read_columns(chunk: CaseChunk) -> dict[str, Column]:
    """Every column of a chunk. One query."""
    stored = CaseColumn.objects.filter(chunk=chunk, is_sample=False).values_list("name", "data")
    return {name: Column.from_bytes(data) for name, data in stored}


def packing_lock(*, wait: bool) -> bool:
    """Keeps others from packing until the transaction ends; False if somebody packs and one does not wait."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


_LOCK = 7_240_111
_SETTLE = """
UPDATE scoring_case SET chunk_id = %s, place = %s + settled.number - 1, waits = false, is_relabelled = false
  FROM unnest(%s::bigint[]) WITH ORDINALITY AS settled(id, number)
 WHERE scoring_case.id = settled.id
"""
_DISSOLVE = """
WITH given_up AS (
    SELECT id FROM scoring_casechunk WHERE id = ANY(%s) AND NOT is_past AND cardinality(dead) * 2 > n
), left_over AS (
    UPDATE scoring_case SET chunk_id = NULL, place = NULL
     WHERE chunk_id IN (SELECT id FROM given_up) AND lead_id <> ALL(%s::uuid[]) RETURNING lead_id
), marked AS (
    INSERT INTO scoring_casemark (lead_id) SELECT lead_id FROM left_over
), emptied AS (
    DELETE FROM scoring_casecolumn WHERE chunk_id IN (SELECT id FROM given_up)
)
DELETE FROM scoring_casechunk WHERE id IN (SELECT id FROM given_up)
"""
