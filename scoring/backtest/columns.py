"""Writes a frame of facts as small columns of bytes and reads it back, equal to the bit. Pure.

A million cases must fit beside a web worker, so each column is stored in the narrowest unsigned numbers that hold its
range. A table of looking up turns them back into what the engine reads: one pass over memory, no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar, overload

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.engine.frame import MISSING, NO_ACTS, UNDATED, FactFrame, SignalTable, TextColumn

Ints = NDArray[np.integer]
K = TypeVar("K", bound=np.integer)
AS_OF = "as_of"
_ACT_TABLES = ("signals", "colleagues")
_SPECIAL = (MISSING, UNDATED)
"""Numbers that stand for “unknown”: they take the first two codes, so that they do not widen the range."""
_WIDEST_TABLE = 1 << 16


@dataclass(frozen=True)
class Column:
    """Whole numbers as codes: 0 is MISSING, 1 is UNDATED, any other `low` + code − 2. `words` name what they count."""

    codes: Ints
    low: int
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Ints, words: Sequence[str] = ()) -> Column:
        values = values.astype(np.int64, copy=False)
        special = [values == number for number in _SPECIAL]
        known = values[~(special[0] | special[1])]
        low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
        width = np.min_scalar_type(high - low + 2)
        codes = np.where(special[0], 0, np.where(special[1], 1, values - low + 2)).astype(width)
        return cls(codes, low, tuple(words))

    @property
    def nbytes(self) -> int:
        return int(self.codes.nbytes)

    def _table(self) -> NDArray[np.int64]:
        table = np.arange(self.low - 2, self.low - 2 + int(self.codes.max(initial=1)) + 1, dtype=np.int64)
        table[:2] = _SPECIAL
        return table

    @overload
    def values(self) -> NDArray[np.int64]: ...

    @overload
    def values(self, kind: type[K]) -> NDArray[K]: ...

    def values(self, kind: type[np.integer] = np.int64) -> Ints:
        """The numbers as they were given."""
        if self.codes.dtype.itemsize <= 2:
            table = self._table()
            return (table if kind is np.int64 else _narrowed(table, kind)).take(self.codes)
        wide = self.codes.astype(np.int64)
        return np.where(wide == 0, MISSING, np.where(wide == 1, UNDATED, wide + (self.low - 2))).astype(kind)

    def to_bytes(self) -> bytes:
        """A line of JSON that says how to read the rest, and the rest."""
        head = orjson.dumps({"type": self.codes.dtype.str, "low": self.low, "words": self.words})
        return head + b"\n" + self.codes.tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes | memoryview) -> Column:
        raw = bytes(stored)  # of bytes this is no copy
        end = raw.index(b"\n")
        head = orjson.loads(raw[:end])
        return cls(np.frombuffer(raw, dtype=head["type"], offset=end + 1), head["low"], tuple(head["words"]))


def _narrowed(table: NDArray[np.int64], kind: type[np.integer]) -> Ints:
    least = np.iinfo(kind).min
    return np.where(table < least, least, table).astype(kind)


Columns = Mapping[str, Column]

ABSENT = Column(np.zeros(0, dtype=np.uint8), 0)
"""Stands for a column that somebody looked for and that is not there."""


def columns_of(frame: FactFrame) -> dict[str, Column]:
    """Every column of a frame, by name: "as_of", "text/…", "number/…", "signals/day" and so on."""
    columns = {AS_OF: Column.of(frame.as_of)}
    for name, text in frame.texts.items():
        columns[f"text/{name}"] = Column.of(text.codes, text.vocabulary)
    for name, numbers in frame.numbers.items():
        columns[f"number/{name}"] = Column.of(numbers)
    for whose in _ACT_TABLES:
        table: SignalTable = getattr(frame, whose)
        for field in fields(table):
            held = getattr(table, field.name)
            if isinstance(held, np.ndarray):
                words = {"kind": table.kinds, "topic": table.topics}.get(field.name, ())
                columns[f"{whose}/{field.name}"] = Column.of(held, words)
    return columns


def names_asked(attributes: Iterable[str], *, acts: bool, colleagues: bool) -> set[str]:
    """The columns that an evaluation of these attributes reads."""
    asked = {AS_OF, *(f"{kind}/{name}" for name in attributes for kind in ("text", "number"))}
    whose = [table for table, wanted in zip(_ACT_TABLES, (acts, colleagues), strict=True) if wanted]
    return asked | {f"{table}/{name}" for table in whose for name in _ACT_COLUMNS}


_ACT_COLUMNS = tuple(field.name for field in fields(SignalTable) if field.name not in ("kinds", "topics"))


def frame_from(columns: Columns, attributes: Iterable[str]) -> FactFrame:
    """The frame of these attributes, and of whatever acts the columns hold."""
    texts, numbers = {}, {}
    for name in attributes:
        if (text := columns.get(f"text/{name}", ABSENT)) is not ABSENT:
            texts[name] = TextColumn(text.values(np.int32), text.words)
        elif (number := columns.get(f"number/{name}", ABSENT)) is not ABSENT:
            numbers[name] = number.values()
    return FactFrame(
        as_of=columns[AS_OF].values(np.int32),
        texts=texts,
        numbers=numbers,
        signals=acts_from(columns, "signals"),
        colleagues=acts_from(columns, "colleagues"),
    )


def acts_from(columns: Columns, whose: str) -> SignalTable:
    """The acts of "signals" or "colleagues"; none if the columns do not hold them."""
    if columns.get(f"{whose}/lead", ABSENT) is ABSENT:
        return NO_ACTS
    held = {name: columns[f"{whose}/{name}"] for name in _ACT_COLUMNS}
    return SignalTable(
        lead=held["lead"].values(np.int32),
        kind=held["kind"].values(np.int32),
        topic=held["topic"].values(np.int32),
        day=held["day"].values(np.int32),
        quantity=held["quantity"].values(),
        value=held["value"].values(),
        total=held["total"].values(),
        who=held["who"].values(np.int32),
        kinds=held["kind"].words,
        topics=held["topic"].words,
    )


def join_frames(frames: Sequence[FactFrame]) -> FactFrame:
    """One frame of the leads of all, in order."""
    if len(frames) == 1:
        return frames[0]
    return FactFrame(
        as_of=np.concatenate([frame.as_of for frame in frames]),
        texts={name: _join_texts(frames, name) for name in _names(frames, lambda frame: frame.texts)},
        numbers={
            name: np.concatenate(
                [frame.numbers.get(name, np.full(frame.n, MISSING, dtype=np.int64)) for frame in frames]
            )
            for name in _names(frames, lambda frame: frame.numbers)
        },
        signals=_join_acts([(frame.signals, frame.n) for frame in frames]),
        colleagues=_join_acts([(frame.colleagues, frame.n) for frame in frames]),
    )


def _names(frames: Sequence[FactFrame], of: Callable[[FactFrame], Iterable[str]]) -> list[str]:
    return sorted({name for frame in frames for name in of(frame)})


def _join_texts(frames: Sequence[FactFrame], name: str) -> TextColumn:
    vocabulary: dict[str, int] = {}
    codes = []
    for frame in frames:
        text = frame.texts.get(name)
        if text is None:
            codes.append(np.full(frame.n, -1, dtype=np.int32))
        else:
            codes.append(_recode(text.codes, text.vocabulary, vocabulary))
    return TextColumn(np.concatenate(codes), tuple(vocabulary))


def _recode(codes: Ints, words: Sequence[str], vocabulary: dict[str, int]) -> NDArray[np.int32]:
    """Codes into `words` as codes into `vocabulary`, which grows; −1 stays. Words nobody uses are left behind."""
    used = np.unique(codes)
    new = np.full(len(words) + 1, -1, dtype=np.int32)
    for code in used[used >= 0].tolist():
        new[code] = vocabulary.setdefault(words[code], len(vocabulary))
    return new[codes]


def _join_acts(tables: Sequence[tuple[SignalTable, int]]) -> SignalTable:
    kinds: dict[str, int] = {}
    topics: dict[str, int] = {}
    parts: list[SignalTable] = []
    first = 0
    for table, n in tables:
        lead = table.lead + np.int32(first)
        kind, topic = _recode(table.kind, table.kinds, kinds), _recode(table.topic, table.topics, topics)
        parts.append(replace(table, lead=lead, kind=kind, topic=topic))
        first += n
    return SignalTable(
        lead=np.concatenate([part.lead for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        topic=np.concatenate([part.topic for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        quantity=np.concatenate([part.quantity for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        total=np.concatenate([part.total for part in parts]),
        who=np.concatenate([part.who for part in parts]),
        kinds=tuple(kinds),
        topics=tuple(topics),
    )
