"""What became of packed cases, as columns of numbers that add up fast. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.columns import Column, Columns
from scoring.engine.frame import UNDATED, day_of

NOBODY = ""
_PREFIX = "label/"
_TEXTS = ("source", "rep", "reason")
_NUMBERS = (
    "case", "kind", "on", "answer", "was_met", "has_opportunity", "result", "was_shown", "is_narrow", "pipeline",
    "revenue",
)  # fmt: skip
_MUTABLE = frozenset({"rep", "reason", "answer", "was_met", "has_opportunity", "result", "pipeline", "revenue"})
LABEL_NAMES = frozenset(f"{_PREFIX}{name}" for name in (*_TEXTS, *_NUMBERS))


class CaseLabel(NamedTuple):
    """One case's line: its id, kind, day (None if undated), whence, whose, and what became of it."""

    case: int
    kind: int
    on: date | None
    source: UUID
    rep: UUID | None
    answer: int
    reason: str
    was_met: bool
    has_opportunity: bool
    result: int
    was_shown: bool
    is_narrow: bool
    pipeline: Decimal
    revenue: Decimal

    def number(self, name: str) -> int:
        """A field as a whole number: money in hundredths, a day since 1970."""
        value = getattr(self, name)
        if name == "on":
            return UNDATED if value is None else day_of(value)
        return int(value * 100) if name in ("pipeline", "revenue") else int(value)

    def text(self, name: str) -> str:
        value = getattr(self, name)
        return NOBODY if value is None else str(value)


def pack_labels(labels: Sequence[CaseLabel]) -> dict[str, Column]:
    """The columns of these labels."""
    texts: dict[str, tuple[list[int], list[str]]] = {}
    for name in _TEXTS:
        words: dict[str, int] = {}
        codes = [words.setdefault(label.text(name), len(words)) for label in labels]
        texts[name] = codes, list(words)
    return label_columns({name: [label.number(name) for label in labels] for name in _NUMBERS}, texts)


def label_columns(numbers: Mapping[str, Any], texts: Mapping[str, tuple[Any, Sequence[str]]]) -> dict[str, Column]:
    """Columns of plain numbers, and of texts as codes into their words; together every field of `CaseLabel`."""
    return {
        **{f"{_PREFIX}{name}": Column.of(np.asarray(numbers[name], dtype=np.int64)) for name in _NUMBERS},
        **{
            f"{_PREFIX}{name}": Column.of(np.asarray(texts[name][0], dtype=np.int64), texts[name][1]) for name in _TEXTS
        },
    }


def join_labels(parts: Sequence[Columns]) -> dict[str, Column]:
    """The columns of all parts, one after another."""
    joined = {
        name: Column.of(np.concatenate([part[name].values() for part in parts]))
        for name in (f"{_PREFIX}{name}" for name in _NUMBERS)
    }
    for name in (f"{_PREFIX}{name}" for name in _TEXTS):
        words: dict[str, int] = {}
        codes = []
        for part in parts:
            new = np.array([words.setdefault(word, len(words)) for word in part[name].words], dtype=np.int64)
            codes.append(new[part[name].values()])
        joined[name] = Column.of(np.concatenate(codes), list(words))
    return joined


def take_labels(columns: Columns, places: NDArray[np.intp]) -> dict[str, Column]:
    """The labels of some places."""
    return {name: Column.of(columns[name].values()[places], columns[name].words) for name in LABEL_NAMES}


def relabel(columns: Columns, changed: Mapping[int, CaseLabel]) -> dict[str, Column]:
    """The columns with what became of some places replaced; where and when they were handed off never changes."""
    places = np.array(list(changed), dtype=np.intp)
    renewed = {name: columns[name] for name in LABEL_NAMES}
    for name in sorted(_MUTABLE.difference(_TEXTS)):
        values = columns[f"{_PREFIX}{name}"].values().copy()
        values[places] = [label.number(name) for label in changed.values()]
        renewed[f"{_PREFIX}{name}"] = Column.of(values)
    for name in sorted(_MUTABLE.intersection(_TEXTS)):
        column = columns[f"{_PREFIX}{name}"]
        words = {word: code for code, word in enumerate(column.words)}
        values = column.values().copy()
        values[places] = [words.setdefault(label.text(name), len(words)) for label in changed.values()]
        renewed[f"{_PREFIX}{name}"] = Column.of(values, list(words))
    return renewed


def label(columns: Columns, name: str) -> Column:
    """One column of labels by its plain name."""
    return columns[f"{_PREFIX}{name}"]
