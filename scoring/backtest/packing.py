"""Packs the facts of cases into columns, soon after they happened; the cost grows with what changed.

What a decision was made from is stored with it, but only as far as its rulebook asked. A case keeps every fact, so that
a draft may ask something new. Packing therefore reads all facts as of the decision, makes the decision again from them,
and keeps them if it comes out the same; else somebody changed them meanwhile, and the case keeps what the decision
stored and is marked as narrow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from leads.models import SignalKind
from revops.foundation.arrays import array_of
from revops.foundation.ids import new_id
from scoring.backtest.columns import Column, columns_of, frame_from, join_frames
from scoring.backtest.labels import LABEL_NAMES, CaseLabel, join_labels, pack_labels, relabel, take_labels
from scoring.engine import CompiledRulebook, FactFrame, evaluate, frame_of, read_inputs
from scoring.engine.compiled import FORMULA_VERSION
from scoring.engine.frame import UNDATED, date_of
from scoring.facts import load_facts
from scoring.models import Case, CaseChunk, CaseColumn, CaseKind, Rulebook, ScoreDecision
from scoring.publishing import compiled_rulebook
from scoring.rules import Axis
from scoring.rules.attributes import ATTRIBUTES

CHUNK = 32_768
"""Cases in a full chunk: small enough to be judged inside a processor's cache."""

SAMPLE_EVERY = 32
BATCH = 5_000
MOST_RELABELLED = 2_000
"""So many cases may be read beside their chunk before labels are packed anew."""

_LOCK = 7_240_111
LEAD_IDS = "lead_ids"
"""The column of the ids of leads."""


class _Wanted(NamedTuple):
    """Everything a rulebook could ask: what `load_facts` reads for a case."""

    attributes: tuple[str, ...]
    signal_kinds: tuple[str, ...]
    account_kinds: tuple[str, ...]


class _Row(NamedTuple):
    """A case that waits. `as_of` and `rulebook_id` are those of its decision."""

    pk: int
    kind: int
    lead_id: UUID
    decision_id: int | None
    at: datetime | None
    source_id: UUID
    rep_id: UUID | None
    answer: int
    reason: str
    was_met: bool
    has_opportunity: bool
    result: int
    pipeline: Decimal
    revenue: Decimal
    was_shown: bool


class _Packed(NamedTuple):
    """Cases with their facts and labels, in one order."""

    frame: FactFrame
    labels: dict[str, Column]
    cases: list[int]
    leads: list[UUID]


def pack_cases(*, now: datetime, limit: int = BATCH) -> int:
    """Packs cases that wait and leads whose facts changed, up to `limit` of each. Returns how many were packed.

    One process packs at a time; another one that tries meanwhile does nothing.
    """
    with transaction.atomic():
        if not packing_lock(wait=False):
            return 0
        packed = _pack_past(now, limit) + _pack_leads(now, limit)
    with transaction.atomic():
        _fold_labels()
    return packed


def pack_everything(*, now: datetime) -> int:
    """Packs until nothing waits. Each batch is a transaction of its own unless the caller holds one."""
    done = 0
    while packed := pack_cases(now=now):
        done += packed
    return done


def packing_lock(*, wait: bool) -> bool:
    """Keeps others from packing until the transaction ends; False if somebody packs and one does not wait."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def waiting() -> int:
    """Cases and changed leads that are not packed yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM scoring_case WHERE waits)"
            " + (SELECT count(DISTINCT lead_id) FROM scoring_casemark)"
        )
        return int(cursor.fetchone()[0])


def _pack_past(now: datetime, limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        rows = [_Row(*row) for row in cursor.fetchall()]
    packed = 0
    while rows:  # a lead that was handed off twice is read once for each time
        layer = {row.lead_id: row for row in reversed(rows)}
        packed += _pack_layer(list(layer.values()), now)
        taken = {row.pk for row in layer.values()}
        rows = [row for row in rows if row.pk not in taken]
    return packed


def _pack_layer(rows: Sequence[_Row], now: datetime) -> int:
    decisions = _decisions(rows)
    as_of = {row.lead_id: decisions[row.pk].as_of if row.pk in decisions else row.at or now for row in rows}
    loaded = load_facts([row.lead_id for row in rows], _everything(), as_of=as_of, now=now)
    by_lead = {row.lead_id: row for row in rows}
    ordered = [by_lead[lead_id] for lead_id in loaded.lead_ids]
    if not ordered:
        return 0
    frame, differing = _as_decided(loaded.frame, [decisions.get(row.pk) for row in ordered])
    labels = pack_labels([_label(row, is_narrow=place in differing) for place, row in enumerate(ordered)])
    _append(_Packed(frame, labels, [row.pk for row in ordered], [row.lead_id for row in ordered]), is_past=True)
    Case.objects.filter(pk__in=[ordered[place].pk for place in differing]).update(is_narrow=True)
    return len(ordered)


def _decisions(rows: Sequence[_Row]) -> dict[int, ScoreDecision]:
    """The decision of each case: the one it names, else the latest of its lead."""
    named = ScoreDecision.objects.in_bulk([row.decision_id for row in rows if row.decision_id is not None])
    found = {row.pk: named[row.decision_id] for row in rows if row.decision_id in named}
    unnamed = {row.lead_id: row.pk for row in rows if row.pk not in found}
    latest = ScoreDecision.objects.filter(lead_id__in=unnamed).order_by("lead_id", "-id").distinct("lead_id")
    for decision in latest if unnamed else ():
        found[unnamed[decision.lead_id]] = decision
    return found


def _as_decided(frame: FactFrame, decisions: Sequence[ScoreDecision | None]) -> tuple[FactFrame, set[int]]:
    """The frame, with the facts of those whose decision they do not give replaced by what it stored; those places."""
    differing = _differing(frame, decisions)
    if not differing:
        return frame, set()
    stored = [decisions[place] for place in differing]
    kept = frame_of(read_inputs([decision.inputs for decision in stored if decision is not None]))
    same = [place for place in range(frame.n) if place not in set(differing)]
    joined = join_frames([frame.take(same), kept]) if same else kept
    order = np.empty(frame.n, dtype=np.intp)
    order[[*same, *differing]] = np.arange(frame.n)
    return _reorder(joined, order), set(differing)


def _differing(frame: FactFrame, decisions: Sequence[ScoreDecision | None]) -> list[int]:
    """Places whose facts do not give the decision that was stored."""
    by_book: dict[UUID, list[int]] = {}
    for place, decision in enumerate(decisions):
        if decision is not None:
            by_book.setdefault(decision.rulebook_id, []).append(place)
    books = Rulebook.objects.in_bulk(list(by_book))
    differing: list[int] = []
    for book_id, places in by_book.items():
        book = books[book_id]
        compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
        again = evaluate(compiled, frame.take(places))
        keys = [*(no.key for no in compiled.definition.disqualifiers), ""]
        for index, place in enumerate(places):
            decision = decisions[place]
            if decision is None or (
                decision.formula_version == FORMULA_VERSION
                and decision.contributions == again.contributions[index].tolist()
                and decision.tier == int(again.tier[index])
                and decision.intent == int(again.axes[Axis.INTENT][index])
                and decision.disqualified_by == keys[int(again.disqualified[index])]
            ):
                continue
            differing.append(place)
    return sorted(differing)


def _reorder(frame: FactFrame, order: NDArray[np.intp]) -> FactFrame:
    """The frame with lead `order[i]` at place i."""
    new_place = np.empty(frame.n, dtype=np.int32)
    new_place[order] = np.arange(frame.n, dtype=np.int32)

    def moved(table: Any) -> Any:
        lead = new_place[table.lead]
        rows = np.argsort(lead, kind="stable")  # days keep their order within a lead
        arrays = {
            field.name: getattr(table, field.name)[rows]
            for field in dataclasses.fields(table)
            if isinstance(getattr(table, field.name), np.ndarray)
        }
        return dataclasses.replace(table, **{**arrays, "lead": lead[rows]})

    return FactFrame(
        as_of=frame.as_of[order],
        texts={name: dataclasses.replace(text, codes=text.codes[order]) for name, text in frame.texts.items()},
        numbers={name: column[order] for name, column in frame.numbers.items()},
        signals=moved(frame.signals),
        colleagues=moved(frame.colleagues),
    )


def _pack_leads(now: datetime, limit: int) -> int:
    """Packs running leads as they stand now: those marked, and their colleagues, whose accounts' acts they share."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_MARKS, [limit])
        cursor.execute(_CHANGED, [[lead_id for (lead_id,) in cursor.fetchall()]])
        rows = {row[0]: row for row in cursor.fetchall()}
        if not rows:
            return 0
        cursor.execute(_STAND, [array_of(rows)])
        cases = {lead_id: (pk, shown, chunk, place) for pk, lead_id, shown, chunk, place in cursor.fetchall()}
    _bury([(chunk, place) for _pk, _shown, chunk, place in cases.values() if chunk is not None], cases)
    loaded = load_facts(list(rows), _everything(), as_of={}, now=now)
    on = _latest_acts(loaded.frame, [rows[lead_id][2] for lead_id in loaded.lead_ids])
    frame = dataclasses.replace(loaded.frame, as_of=on)
    labels = []
    for lead_id, day in zip(loaded.lead_ids, on.tolist(), strict=True):
        _lead_id, source_id, _received = rows[lead_id]
        pk, shown = cases[lead_id][:2]
        labels.append(
            CaseLabel(
                pk, CaseKind.LEAD, date_of(day), source_id, None, 0, "", was_met=False, has_opportunity=False, result=0,
                was_shown=shown, is_narrow=False, pipeline=Decimal(0), revenue=Decimal(0),
            )
        )  # fmt: skip
    pks = [cases[lead_id][0] for lead_id in loaded.lead_ids]
    _append(_Packed(frame, pack_labels(labels), pks, loaded.lead_ids), is_past=False)
    return len(pks)


def _latest_acts(frame: FactFrame, received: Sequence[datetime]) -> NDArray[np.int32]:
    """The day of each lead's latest dated act, else of its receipt: when it was as warm as it ever was."""
    days = np.array([(at.astimezone(UTC).date() - date(1970, 1, 1)).days for at in received], dtype=np.int32)
    latest = np.full(frame.n, UNDATED, dtype=np.int32)
    np.maximum.at(latest, frame.signals.lead, frame.signals.day)
    return np.where(latest == UNDATED, days, latest).astype(np.int32)


def _label(row: _Row, *, is_narrow: bool) -> CaseLabel:
    return CaseLabel(
        row.pk, row.kind, row.at.astimezone(UTC).date() if row.at else None, row.source_id, row.rep_id, row.answer,
        row.reason, row.was_met, row.has_opportunity, row.result, row.was_shown, is_narrow, row.pipeline, row.revenue,
    )  # fmt: skip


def _append(packed: _Packed, *, is_past: bool) -> None:
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


def _piece(packed: _Packed, begin: int, end: int) -> _Packed:
    places = np.arange(begin, end)
    return _Packed(
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
        *_columns(chunk, {**columns_of(frame), **labels, LEAD_IDS: Column(ids, 2)}, is_sample=False),
        *_columns(chunk, {**columns_of(frame.take(sample.tolist())), **take_labels(labels, sample)}, is_sample=True),
    ]
    CaseColumn.objects.filter(chunk=chunk).delete()
    CaseColumn.objects.bulk_create(rows)


def _columns(chunk: CaseChunk, columns: Mapping[str, Column], *, is_sample: bool) -> Iterable[CaseColumn]:
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


def _bury(places: Iterable[tuple[int, int]], moving: Iterable[UUID]) -> None:
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


def _fold_labels() -> None:
    """Packs labels anew once many are out of date."""
    waiting_labels = Case.objects.filter(is_relabelled=True, chunk__isnull=False)
    if waiting_labels[: MOST_RELABELLED + 1].count() <= MOST_RELABELLED:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        rows = cursor.fetchall()
    by_chunk: dict[int, dict[int, CaseLabel]] = {}
    for chunk_id, place, *row in rows:
        by_chunk.setdefault(chunk_id, {})[place] = _label(_Row(*row), is_narrow=False)
    for chunk in CaseChunk.objects.filter(pk__in=by_chunk).order_by("pk"):
        columns = read_columns(chunk)
        labels = relabel(columns, by_chunk[chunk.pk])
        sample = np.arange(0, chunk.n, SAMPLE_EVERY)
        CaseColumn.objects.filter(chunk=chunk, name__in=LABEL_NAMES).delete()
        CaseColumn.objects.bulk_create(
            [
                *_columns(chunk, labels, is_sample=False),
                *_columns(chunk, take_labels(labels, sample), is_sample=True),
            ]
        )
        chunk.labels_version = new_id()
        chunk.save(update_fields=["labels_version"])


def _everything() -> CompiledRulebook:
    kinds = tuple(SignalKind.objects.order_by("code").values_list("code", flat=True))
    return cast(CompiledRulebook, _Wanted(tuple(ATTRIBUTES), kinds, kinds))


_FIELDS = (
    "id, kind, lead_id, decision_id, at, source_id, rep_id, answer, reason, was_met, has_opportunity, result,"
    " pipeline, revenue, was_shown"
)
_WAITING = f"SELECT {_FIELDS} FROM scoring_case WHERE waits ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"  # noqa: S608 - names only
_TAKE_MARKS = """
DELETE FROM scoring_casemark mark USING (
    SELECT lead_id FROM (SELECT lead_id FROM scoring_casemark ORDER BY id LIMIT %s) oldest GROUP BY lead_id
) wanted WHERE mark.lead_id = wanted.lead_id
RETURNING mark.lead_id
"""
_CHANGED = """
WITH marked AS (SELECT DISTINCT unnest(%s::uuid[]) AS id)
SELECT lead.id, lead.source_id, lead.received_at
  FROM leads_lead lead
 WHERE lead.id IN (SELECT id FROM marked
                    UNION SELECT colleague.id FROM marked JOIN leads_lead one ON one.id = marked.id
                                   JOIN leads_lead colleague ON colleague.account_id = one.account_id)
       AND lead.withdrawn_at IS NULL AND NOT lead.is_history
"""
_STAND = """
INSERT INTO scoring_case AS cases (kind, lead_id, source_id, answer, reason, was_met, has_opportunity, result, pipeline,
                                   revenue, was_shown, waits, is_relabelled, is_narrow)
SELECT 3, lead.id, lead.source_id, 0, '', false, false, 0, 0, 0,
       EXISTS (SELECT FROM scoring_case shown WHERE shown.lead_id = lead.id AND shown.kind = 1), false, false, false
  FROM leads_lead lead WHERE lead.id = ANY(%s::uuid[])
ON CONFLICT (lead_id) WHERE kind = 3 DO UPDATE SET waits = false
RETURNING id, lead_id, was_shown, chunk_id, place
"""
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
# Rows that somebody labels at this moment are left for the next time: nobody ever waits for another in a circle.
_FOLD = f"""
UPDATE scoring_case SET is_relabelled = false
 WHERE id IN (SELECT id FROM scoring_case WHERE is_relabelled AND chunk_id IS NOT NULL FOR UPDATE SKIP LOCKED)
RETURNING chunk_id, place, {_FIELDS}
"""  # noqa: S608 - names only
