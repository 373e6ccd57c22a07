"""Answers conditions for all leads of a frame at once, each condition only once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.engine.frame import MISSING, NEVER, UNDATED, FactFrame
from scoring.rules.attributes import ATTRIBUTES, TEXT_TYPES
from scoring.rules.conditions import (
    AllOf,
    AnyOf,
    Between,
    Condition,
    DateAhead,
    DatePassed,
    DistinctCount,
    Equals,
    IsTrue,
    Known,
    Mentions,
    Not,
    OneOf,
    SignalCondition,
    SignalCount,
)
from scoring.rules.words import plain, same

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measure:
    """Per lead: how many acts (or distinct values) counted, the days of the latest and the earliest of them.

    Days are UNDATED where nothing counted or nothing was dated.
    """

    count: Numbers
    latest: Numbers
    earliest: Numbers


class Workspace:
    """One frame under evaluation. `next_change` is the first day on which time alone may change an answer."""

    def __init__(self, frame: FactFrame) -> None:
        self.frame = frame
        self.next_change: Numbers = np.full(frame.n, NEVER, dtype=np.int64)
        self._masks: dict[Condition, Mask] = {}
        self._measures: dict[SignalCondition, Measure] = {}
        self._rows: dict[tuple[str, ...], NDArray[np.intp]] = {}
        self._plain: dict[str, list[str]] = {}
        undated = np.full(frame.n, UNDATED, dtype=np.int64)
        self._nothing = Measure(np.zeros(frame.n, dtype=np.int64), undated, undated)
        self._nobody: Mask = np.zeros(frame.n, dtype=np.bool_)

    def mask(self, condition: Condition) -> Mask:
        """For which leads the condition holds."""
        known = self._masks.get(condition)
        if known is None:
            known = self._masks[condition] = self._answer(condition)
        return known

    def measure(self, condition: SignalCondition) -> Measure:
        """What a question about signals counted."""
        known = self._measures.get(condition)
        if known is None:
            known = self._measures[condition] = self._count(condition)
        return known

    def change_at(self, days: Numbers, where: Mask) -> None:
        """Notes that an answer may change on `days` for the leads of `where`."""
        np.minimum(self.next_change, days, out=self.next_change, where=where)

    def _answer(self, condition: Condition) -> Mask:
        match condition:
            case AllOf(parts):
                return np.logical_and.reduce([self.mask(part) for part in parts])
            case AnyOf(parts):
                return np.logical_or.reduce([self.mask(part) for part in parts])
            case Not(part):
                return ~self.mask(part)
            case SignalCount() | DistinctCount():
                return self._acted(condition)
            case DateAhead() | DatePassed():
                return self._dated(condition)
            case _:
                return self._stated(condition)

    def _stated(self, condition: Equals | OneOf | Between | Mentions | Known | IsTrue) -> Mask:
        name = condition.attribute
        if ATTRIBUTES[name].type in TEXT_TYPES:
            return self._worded(condition)
        values = self.frame.numbers.get(name)
        if values is None:
            return self._nobody
        match condition:
            case Known():
                # A presence is known when it is 1: what they said is not kept, only that they said something.
                return values > 0 if ATTRIBUTES[name].type == "presence" else values != MISSING
            case IsTrue():
                return values == 1
            case Equals(_, value):
                return values == int(value)
            case Between(_, at_least, at_most):
                answer = values >= (0 if at_least is None else at_least)
                return answer if at_most is None else answer & (values <= at_most)
        raise TypeError(f"{condition!r} does not fit a number.")

    def _worded(self, condition: Equals | OneOf | Between | Mentions | Known | IsTrue) -> Mask:
        column = self.frame.texts.get(condition.attribute)
        if column is None:
            return self._nobody
        match condition:
            case Known():
                return column.codes >= 0
            case Equals(_, value):
                hits = [same(text) == value for text in column.vocabulary]
            case OneOf(_, values):
                wanted = frozenset(values)
                hits = [same(text) in wanted for text in column.vocabulary]
            case Mentions(name, words):
                needles = [plain(word) for word in words]
                hits = [any(needle in text for needle in needles) for text in self._plain_vocabulary(name)]
            case _:
                raise TypeError(f"{condition!r} does not fit a text.")
        return np.array([*hits, False], dtype=np.bool_)[column.codes]  # unknown is -1: the last entry

    def _plain_vocabulary(self, name: str) -> list[str]:
        if name not in self._plain:
            self._plain[name] = [plain(text) for text in self.frame.texts[name].vocabulary]
        return self._plain[name]

    def _dated(self, condition: DateAhead | DatePassed) -> Mask:
        days = self.frame.numbers.get(condition.attribute)
        if days is None:
            return self._nobody
        known = days != MISSING
        ahead = np.where(known, days, UNDATED) - self.frame.as_of
        if isinstance(condition, DateAhead):
            answer = (ahead >= 0) & (ahead <= condition.within_days)
            self.change_at(days - condition.within_days, known & (ahead > condition.within_days))
            self.change_at(days + 1, answer)
            return answer
        self.change_at(days + 1, known & (ahead >= 0))
        if condition.within_days is None:
            return known & (ahead < 0)
        answer = (ahead < 0) & (ahead >= -condition.within_days)
        self.change_at(days + condition.within_days + 1, answer)
        return answer

    def _acted(self, condition: SignalCondition) -> Mask:
        measure = self.measure(condition)
        if measure is self._nothing:
            return self._nobody
        answer = measure.count >= condition.at_least
        if condition.within_days is not None:
            # With one act enough, the latest keeps it true; with more, the first to leave may turn it.
            last = measure.latest if condition.at_least == 1 else measure.earliest
            self.change_at(last + condition.within_days + 1, answer)
        return answer

    def _count(self, condition: SignalCondition) -> Measure:
        signals, n = self.frame.signals, self.frame.n
        rows = self._rows_of(condition.kinds)
        if not len(rows):
            return self._nothing
        lead, day = signals.lead[rows], signals.day[rows]
        age = self.frame.as_of[lead] - day
        keep = age >= 0
        if condition.within_days is not None:
            keep &= age <= condition.within_days
        if isinstance(condition, SignalCount):
            if condition.minimum_value is not None:
                keep &= signals.value[rows] >= condition.minimum_value
            if condition.topics:
                keep &= _lookup(signals.topics, condition.topics)[signals.topic[rows]]
        if not keep.all():
            rows, lead, day = rows[keep], lead[keep], day[keep]
        latest, earliest = self._nothing.latest.copy(), self._nothing.earliest.copy()
        latest[lead] = day  # rows are sorted by day, and the last assignment stays
        earliest[lead[::-1]] = day[::-1]
        if isinstance(condition, SignalCount):
            count = np.bincount(lead, weights=signals.quantity[rows], minlength=n).astype(np.int64)
        else:
            count = self._distinct(condition.of, rows)
        return Measure(count, latest, earliest)

    def _distinct(self, of: str, rows: NDArray[np.intp]) -> Numbers:
        signals = self.frame.signals
        values = {"kinds": signals.kind, "topics": signals.topic, "days": signals.day}[of][rows].astype(np.int64)
        lead = signals.lead[rows].astype(np.int64)
        if of == "days":
            dated = values != UNDATED
            lead, values = lead[dated], values[dated]
        elif of == "topics" and "" in signals.topics:
            named = values != signals.topics.index("")
            lead, values = lead[named], values[named]
        pairs = np.unique(np.stack((lead, values)), axis=1) if len(lead) else np.empty((2, 0), dtype=np.int64)
        return np.bincount(pairs[0], minlength=self.frame.n).astype(np.int64)

    def _rows_of(self, kinds: tuple[str, ...]) -> NDArray[np.intp]:
        rows = self._rows.get(kinds)
        if rows is None:
            wanted = _lookup(self.frame.signals.kinds, kinds)
            rows = np.flatnonzero(wanted[self.frame.signals.kind]) if wanted.any() else _NO_ROWS
            self._rows[kinds] = rows
        return rows


_NO_ROWS: NDArray[np.intp] = np.zeros(0, dtype=np.intp)


def _lookup(vocabulary: tuple[str, ...], wanted: tuple[str, ...]) -> Mask:
    return np.array([word in wanted for word in vocabulary], dtype=np.bool_)
