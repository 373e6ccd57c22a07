"""Takes what a person typed out of packed columns: the case stays, with what its decision stored of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from revops.foundation.ids import new_id
from scoring.backtest.columns import Column, frame_from
from scoring.backtest.labels import LABEL_NAMES
from scoring.backtest.packing.chunks import LEAD_IDS, lead_id_codes, lead_ids, packing_lock, read_columns, write_chunk
from scoring.engine import TextColumn
from scoring.models import Case, CaseChunk, CaseColumn, ScoreDecision
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.words import text_of

FREE_TEXTS = tuple(name for name, fact in ATTRIBUTES.items() if fact.type is FactType.FREE_TEXT)
_NARROW = "label/is_narrow"


def forget_texts(leads: Iterable[UUID]) -> int:
    """Removes the free texts of these leads from every chunk, from places that are dead, too. Returns how many places.

    Each text becomes the words that the lead's decisions stored of it, so that its cases are judged as they were; they
    are marked as narrow. Whoever erases a person calls this in the transaction that empties person and lead. The cost
    grows with the past: one column of every chunk is read, and the chunks that hold one of the leads are written anew.
    """
    ids = sorted(set(leads))
    if not ids:
        return 0
    with transaction.atomic():
        packing_lock(wait=True)
        kept = _stored_texts(ids)
        found = 0
        for chunk in CaseChunk.objects.filter(pk__in=_chunks_with(ids)).order_by("pk").select_for_update():
            found += _forget_in(chunk, kept)
        Case.objects.filter(lead_id__in=ids).update(is_narrow=True)
        return found


def _stored_texts(ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    """By lead: each free text as its decisions keep it: the words that any of them asked for. One query."""
    found: dict[UUID, dict[str, dict[str, None] | str]] = {lead_id: {} for lead_id in ids}
    decisions = ScoreDecision.objects.filter(lead_id__in=ids).order_by("id").values_list("lead_id", "inputs")
    for lead_id, inputs in decisions.iterator():
        texts = found[lead_id]
        for name in FREE_TEXTS:
            kept = inputs["facts"].get(name)
            if isinstance(kept, str):
                texts[name] = kept  # a rule compares with exactly this: it is no secret
            elif kept and not isinstance(known := texts.setdefault(name, {}), str):
                known.update(dict.fromkeys(kept))
    return {
        lead_id: {name: kept if isinstance(kept, str) else text_of(kept) for name, kept in texts.items()}
        for lead_id, texts in found.items()
    }


def _chunks_with(ids: list[UUID]) -> list[int]:
    """Chunks that ever held one of these leads. One query, a chunk at a time."""
    wanted = _keys(lead_id_codes(ids).reshape(-1, 2))
    columns = CaseColumn.objects.filter(name=LEAD_IDS, is_sample=False).values_list("chunk_id", "data")
    return [
        chunk_id
        for chunk_id, data in columns.iterator(chunk_size=1)
        if np.isin(_keys(lead_ids({LEAD_IDS: Column.from_bytes(data)})), wanted).any()
    ]


def _forget_in(chunk: CaseChunk, kept: Mapping[UUID, Mapping[str, str]]) -> int:
    columns = read_columns(chunk)
    ids = lead_ids(columns)
    places = np.flatnonzero(np.isin(_keys(ids), _keys(lead_id_codes(list(kept)).reshape(-1, 2))))
    owners = [UUID(int=(high << 64) | low) for high, low in ids[places].tolist()]
    frame = frame_from(columns, ATTRIBUTES)
    texts = {
        name: _rewritten(column, places, [kept[owner].get(name, "") for owner in owners])
        if name in FREE_TEXTS
        else column
        for name, column in frame.texts.items()
    }
    narrow = columns[_NARROW].values().copy()
    narrow[places] = 1
    labels = {**{name: columns[name] for name in LABEL_NAMES}, _NARROW: Column.of(narrow)}
    chunk.version, chunk.labels_version = new_id(), new_id()
    write_chunk(chunk, replace(frame, texts=texts), labels, ids.reshape(-1))
    return len(places)


def _rewritten(column: TextColumn, places: NDArray[np.intp], texts: list[str]) -> TextColumn:
    """The column with other texts at some places, and without the words that nobody has any more."""
    codes = column.codes.copy()
    codes[places] = -1
    words: dict[str, int] = {}
    used = np.unique(codes)
    new = np.full(len(column.vocabulary) + 1, -1, dtype=np.int32)
    for code in used[used >= 0].tolist():
        new[code] = words.setdefault(column.vocabulary[code], len(words))
    codes = new[codes]
    for place, text in zip(places.tolist(), texts, strict=True):
        if text:
            codes[place] = words.setdefault(text, len(words))
    return TextColumn(codes, tuple(words))


def _keys(halves: NDArray[np.uint64]) -> NDArray[np.void]:
    """Ids as one value each, to look up whole."""
    return np.ascontiguousarray(halves).view(np.dtype([("high", np.uint64), ("low", np.uint64)])).reshape(-1)
