"""The facts about many leads as columns: what the engine reads, whoever collected them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.rules.attributes import ATTRIBUTES, TEXT_TYPES, FactType

MISSING = int(np.iinfo(np.int64).min)
"""An unknown number, flag or date."""

UNDATED = -1_000_000_000
"""The day of an act that nobody dated: older than any window, yet safe to subtract from."""

NEVER = int(np.iinfo(np.int64).max)
_EPOCH = date(1970, 1, 1)

Value = str | int | bool | date | None


def day_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    return _EPOCH + timedelta(days=int(day))


class Act(NamedTuple):
    """Equal acts of one day, added up. `day` is a UTC calendar day, None if undated.

    `value` is the largest measured, `total` all that was measured (empty: as much as `value`). `who` is 0 for the
    lead's own person; colleagues at the account are numbered from 1.
    """

    kind: str
    day: date | None
    topic: str = ""
    quantity: int = 1
    value: int | None = None
    total: int | None = None
    who: int = 0


ActRow = tuple[int, str, str, int | None, int, int | None, int | None, int]
"""(lead index, kind, topic, day number, quantity, value, total, who)"""


@dataclass(slots=True)
class LeadFacts:
    """Everything a rulebook may ask about one lead, in plain values."""

    as_of: date
    facts: dict[str, Value] = field(default_factory=dict)
    acts: Sequence[Act] = ()
    colleagues: Sequence[Act] = ()
    """Acts of other people of the account; `who` tells the people apart."""


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One text per lead as a number into `vocabulary`; -1 is unknown."""

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str | None]) -> TextColumn:
        """Empty text is unknown."""
        vocabulary: dict[str, int] = {}
        codes = [vocabulary.setdefault(value, len(vocabulary)) if value else -1 for value in values]
        return cls(np.array(codes, dtype=np.int32), tuple(vocabulary))


@dataclass(frozen=True, slots=True)
class SignalTable:
    """Acts of all leads, one row per lead, person, kind, topic and day, sorted by lead and then day.

    `kind` and `topic` are numbers into their vocabularies; topic "" is no topic. `value` and `total` are MISSING and 0
    where nothing was measured.
    """

    lead: NDArray[np.int32]
    kind: NDArray[np.int32]
    topic: NDArray[np.int32]
    day: NDArray[np.int32]
    quantity: NDArray[np.int64]
    value: NDArray[np.int64]
    total: NDArray[np.int64]
    who: NDArray[np.int32]
    kinds: tuple[str, ...]
    topics: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[ActRow]) -> SignalTable:
        """From rows in any order."""
        kinds: dict[str, int] = {}
        topics: dict[str, int] = {}
        columns = np.array(
            [
                (
                    lead,
                    kinds.setdefault(kind, len(kinds)),
                    topics.setdefault(topic, len(topics)),
                    UNDATED if day is None else day,
                    quantity,
                    MISSING if value is None else value,
                    (value or 0) if total is None else total,
                    who,
                )
                for lead, kind, topic, day, quantity, value, total, who in rows
            ],
            dtype=np.int64,
        ).reshape(len(rows), 8)
        if len(rows) > 1:
            columns = columns[np.lexsort((columns[:, 3], columns[:, 0]))]
        lead, kind, topic, day, quantity, value, total, who = (
            np.ascontiguousarray(columns[:, index]) for index in range(8)
        )
        return cls(
            lead.astype(np.int32), kind.astype(np.int32), topic.astype(np.int32), day.astype(np.int32),
            quantity, value, total, who.astype(np.int32), tuple(kinds), tuple(topics),
        )  # fmt: skip

    def joined(self, other: SignalTable) -> SignalTable:
        """The rows of both tables, which speak of the same leads."""
        if not len(other.lead):
            return self
        kinds = tuple(dict.fromkeys((*self.kinds, *other.kinds)))
        topics = tuple(dict.fromkeys((*self.topics, *other.topics)))
        new_kind = np.array([kinds.index(kind) for kind in other.kinds], dtype=np.int32)
        new_topic = np.array([topics.index(topic) for topic in other.topics], dtype=np.int32)
        lead, day = np.concatenate((self.lead, other.lead)), np.concatenate((self.day, other.day))
        order = np.lexsort((day, lead))
        return SignalTable(
            lead[order], np.concatenate((self.kind, new_kind[other.kind]))[order],
            np.concatenate((self.topic, new_topic[other.topic]))[order], day[order],
            np.concatenate((self.quantity, other.quantity))[order], np.concatenate((self.value, other.value))[order],
            np.concatenate((self.total, other.total))[order], np.concatenate((self.who, other.who))[order],
            kinds, topics,
        )  # fmt: skip

    def take(self, leads: NDArray[np.intp], n: int) -> SignalTable:
        """The rows of these of `n` leads, numbered anew; the leads' numbers must rise."""
        place = np.full(n, -1, dtype=np.int32)
        place[leads] = np.arange(len(leads), dtype=np.int32)
        new = place[self.lead]
        rows = np.flatnonzero(new >= 0)
        return SignalTable(
            new[rows], self.kind[rows], self.topic[rows], self.day[rows],
            self.quantity[rows], self.value[rows], self.total[rows], self.who[rows], self.kinds, self.topics,
        )  # fmt: skip

    def of_lead(self, index: int) -> slice:
        """The rows of one lead."""
        start, stop = np.searchsorted(self.lead, (index, index + 1))
        return slice(int(start), int(stop))


NO_ACTS = SignalTable.of([])


@dataclass(frozen=True, slots=True)
class FactFrame:
    """Columns of `n` leads. Flags are 0 and 1, dates are day numbers; a column that is absent is unknown for all.

    `signals` are the acts of the leads' own people, `colleagues` those of other people at their accounts.
    """

    as_of: NDArray[np.int32]
    texts: dict[str, TextColumn]
    numbers: dict[str, NDArray[np.int64]]
    signals: SignalTable
    colleagues: SignalTable = NO_ACTS

    @property
    def n(self) -> int:
        return len(self.as_of)

    def take(self, leads: Sequence[int]) -> FactFrame:
        """The frame of these leads only; their numbers must rise."""
        if len(leads) == self.n:
            return self
        index = np.array(leads, dtype=np.intp)
        return FactFrame(
            self.as_of[index],
            {name: TextColumn(column.codes[index], column.vocabulary) for name, column in self.texts.items()},
            {name: column[index] for name, column in self.numbers.items()},
            self.signals.take(index, self.n),
            self.colleagues.take(index, self.n),
        )


def frame_of(leads: Sequence[LeadFacts]) -> FactFrame:
    """The columns of leads given as plain values."""
    names = {name for lead in leads for name in lead.facts}
    return frame_of_columns(
        [day_of(lead.as_of) for lead in leads],
        {name: [lead.facts.get(name) for lead in leads] for name in names},
        _rows(leads, "acts"),
        _rows(leads, "colleagues"),
    )


def _rows(leads: Sequence[LeadFacts], whose: str) -> list[ActRow]:
    return [
        (
            index, act.kind, act.topic, None if act.day is None else day_of(act.day),
            act.quantity, act.value, act.total, act.who,
        )
        for index, lead in enumerate(leads)
        for act in getattr(lead, whose)
    ]  # fmt: skip


def frame_of_columns(
    as_of: Sequence[int],
    columns: dict[str, Sequence[Any]],
    acts: Sequence[ActRow],
    colleagues: Sequence[ActRow] = (),
) -> FactFrame:
    """The frame of columns of plain values, keyed by the names of `ATTRIBUTES`."""
    texts, numbers = {}, {}
    for name, values in columns.items():
        kind = ATTRIBUTES[name].type
        if kind in TEXT_TYPES:
            texts[name] = TextColumn.of(values)
        else:
            number = _NUMBERS[kind]
            numbers[name] = np.array([MISSING if v is None else number(v) for v in values], dtype=np.int64)
    others = SignalTable.of(colleagues) if colleagues else NO_ACTS
    return FactFrame(np.array(as_of, dtype=np.int32), texts, numbers, SignalTable.of(acts), others)


_NUMBERS: dict[FactType, Callable[[Any], int]] = {
    FactType.NUMBER: int,
    FactType.FLAG: int,
    FactType.PRESENCE: int,
    FactType.DATE: day_of,
}
