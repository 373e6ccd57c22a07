"""Packs past cases: all facts as of the decision, or what the decision stored where somebody changed them since."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.backtest.columns import join_frames
from scoring.backtest.labels import pack_labels
from scoring.backtest.packing.chunks import Packed, append
from scoring.backtest.packing.rows import FIELDS, CaseRow, everything, label_of
from scoring.engine import FactFrame, evaluate, frame_of, read_inputs
from scoring.engine.compiled import FORMULA_VERSION
from scoring.facts import load_facts
from scoring.models import Case, Rulebook, ScoreDecision
from scoring.publishing import compiled_rulebook
from scoring.rules import Axis


def pack_past(now: datetime, limit: int) -> int:
    """Packs hand-offs and answered leads of history that wait, up to `limit`. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        rows = [CaseRow(*row) for row in cursor.fetchall()]
    packed = 0
    while rows:  # a lead that was handed off twice is read once for each time
        layer = {row.lead_id: row for row in reversed(rows)}
        packed += _pack_layer(list(layer.values()), now)
        taken = {row.pk for row in layer.values()}
        rows = [row for row in rows if row.pk not in taken]
    return packed


def _pack_layer(rows: Sequence[CaseRow], now: datetime) -> int:
    decisions = _decisions(rows)
    as_of = {row.lead_id: decisions[row.pk].as_of if row.pk in decisions else row.at or now for row in rows}
    loaded = load_facts([row.lead_id for row in rows], everything(), as_of=as_of, now=now)
    by_lead = {row.lead_id: row for row in rows}
    ordered = [by_lead[lead_id] for lead_id in loaded.lead_ids]
    if not ordered:
        return 0
    frame, differing = _as_decided(loaded.frame, [decisions.get(row.pk) for row in ordered])
    labels = pack_labels([label_of(row, is_narrow=place in differing) for place, row in enumerate(ordered)])
    append(Packed(frame, labels, [row.pk for row in ordered], [row.lead_id for row in ordered]), is_past=True)
    Case.objects.filter(pk__in=[ordered[place].pk for place in differing]).update(is_narrow=True)
    return len(ordered)


def _decisions(rows: Sequence[CaseRow]) -> dict[int, ScoreDecision]:
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


_WAITING = f"SELECT {FIELDS} FROM scoring_case WHERE waits ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"  # noqa: S608 - names only
