"""Answers conditions for all leads of a frame at once, each condition only once. Pure.

Conditions say themselves what makes them true; this is what they ask: columns of facts, acts, and a place to note
when time alone will change an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.engine.acts import NO_ROWS, Acts, Ages, Mask, Numbers
from scoring.engine.frame import MISSING, NEVER, UNDATED, FactFrame, SignalTable, date_of
from scoring.rules.attributes import ATTRIBUTES, TEXT_TYPES, FactType
from scoring.rules.words import plain

OLDEST = 65_535
"""No age is counted beyond: every table of decay has ended long before."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Per lead: how many acts (or distinct values) counted, the days of the latest and the earliest of them.

    Days are UNDATED where nothing counted or nothing was dated.
    """

    count: Numbers
    latest: Numbers
    earliest: Numbers


class Asked(Protocol):
    """A condition: it answers itself by asking the workspace. Equal ones are answered once."""

    def holds(self, facts: Workspace) -> Mask: ...


class Counted(Protocol):
    """A question about acts."""

    def measured(self, facts: Workspace) -> Measure: ...


class Workspace:
    """One frame under evaluation. `next_change` is the first day on which time alone may change an answer.

    Whoever judges the past does not ask for it: then `watches_time` is false.
    """

    watches_time = True

    def __init__(self, frame: FactFrame) -> None:
        self.frame = frame
        self._masks: dict[Asked, Mask] = {}
        self._measures: dict[Counted, Measure] = {}
        self._rows: dict[tuple[tuple[str, ...], bool], NDArray[np.intp]] = {}
        self._ages: dict[bool, NDArray[np.int32]] = {}
        self._by_kind: dict[bool, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}
        self._plain: dict[str, list[str]] = {}
        self._everybody: SignalTable | None = None

    @cached_property
    def next_change(self) -> Numbers:
        return np.full(self.frame.n, NEVER, dtype=np.int64)

    @cached_property
    def nobody(self) -> Mask:
        return np.zeros(self.frame.n, dtype=np.bool_)

    @cached_property
    def nothing(self) -> Measure:
        """What was counted where there is nothing to count."""
        undated = np.full(self.frame.n, UNDATED, dtype=np.int64)
        return Measure(np.zeros(self.frame.n, dtype=np.int64), undated, undated)

    def mask(self, condition: Asked) -> Mask:
        """For which leads the condition holds."""
        known = self._masks.get(condition)
        if known is None:
            known = self._masks[condition] = condition.holds(self)
        return known

    def measure(self, question: Counted) -> Measure:
        """What a question about acts counted."""
        known = self._measures.get(question)
        if known is None:
            known = self._measures[question] = question.measured(self)
        return known

    def age(self, question: Counted) -> Ages:
        """Days since the latest act that a question counted, OLDEST where there was none or nobody dated it."""
        return np.clip(self.frame.as_of - self.measure(question).latest, 0, OLDEST).astype(np.uint16)

    def change_at(self, days: Numbers, where: Mask) -> None:
        """Notes that an answer may change on `days` for the leads of `where`."""
        np.minimum(self.next_change, days, out=self.next_change, where=where)

    # --- facts -------------------------------------------------------------------------------------------------------
    def number(self, name: str) -> Numbers:
        """A number, flag, presence or date of every lead; MISSING where unknown."""
        values = self.frame.numbers.get(name)
        return np.full(self.frame.n, MISSING, dtype=np.int64) if values is None else values

    def is_known(self, name: str) -> Mask:
        """A presence is known when it is 1: what they said is not kept, only that they said something."""
        if ATTRIBUTES[name].type in TEXT_TYPES:
            column = self.frame.texts.get(name)
            return self.nobody if column is None else column.codes >= 0
        values = self.number(name)
        return values > 0 if ATTRIBUTES[name].type is FactType.PRESENCE else values != MISSING

    def worded(self, name: str, test: Callable[[str], bool]) -> Mask:
        """Where a text passes the test, which sees each different text once; unknown texts never do."""
        column = self.frame.texts.get(name)
        if column is None:
            return self.nobody
        return self._looked_up(name, [test(text) for text in column.vocabulary])

    def worded_plainly(self, name: str, test: Callable[[str], bool]) -> Mask:
        """The same with texts as `plain` writes them: for finding whole words."""
        column = self.frame.texts.get(name)
        if column is None:
            return self.nobody
        if name not in self._plain:
            self._plain[name] = [plain(text) for text in column.vocabulary]
        return self._looked_up(name, [test(text) for text in self._plain[name]])

    def _looked_up(self, name: str, hits: list[bool]) -> Mask:
        answer: Mask = np.array([*hits, False], dtype=np.bool_)[self.frame.texts[name].codes]  # unknown: -1, the last
        return answer

    def days_ahead(self, name: str) -> tuple[Numbers, Numbers]:
        """A date as day number, and how many days it lies ahead; far behind where it is unknown."""
        days = self.number(name)
        return days, (np.where(days != MISSING, days, UNDATED) - self.frame.as_of).astype(np.int64, copy=False)

    def value(self, name: str, lead: int) -> str | int | date | None:
        """One lead's value of a fact, None if unknown."""
        if name in self.frame.texts:
            column = self.frame.texts[name]
            code = int(column.codes[lead])
            return column.vocabulary[code] if code >= 0 else None
        if name not in self.frame.numbers or (number := int(self.frame.numbers[name][lead])) == MISSING:
            return None
        return date_of(number) if ATTRIBUTES[name].type is FactType.DATE else number

    # --- acts --------------------------------------------------------------------------------------------------------
    def acts(self, kinds: tuple[str, ...], within_days: int | None = None, *, by_account: bool = False) -> Acts:
        """Acts of these kinds up to the day that is judged: the person's, or everybody's at the account."""
        table = self._table(by_account=by_account)
        rows = self._rows.get((kinds, by_account))
        if rows is None:
            rows = self._rows[kinds, by_account] = self._rows_of(kinds, table, by_account=by_account)
        if not len(rows):
            return Acts(table, rows, self.frame.n)
        if by_account not in self._ages:
            self._ages[by_account] = self.frame.as_of[table.lead] - table.day
        age = self._ages[by_account][rows]
        keep = age >= 0
        if within_days is not None:
            keep &= age <= within_days
        return Acts(table, rows, self.frame.n).keep(keep)

    def _rows_of(self, kinds: tuple[str, ...], table: SignalTable, *, by_account: bool) -> NDArray[np.intp]:
        """The rows of these kinds in the order of the table, which is sorted by kind only once."""
        wanted = [code for code, kind in enumerate(table.kinds) if kind in kinds]
        if not wanted or not len(table.kind):
            return NO_ROWS
        if by_account not in self._by_kind:
            narrow = table.kind.astype(np.uint16)  # sixteen bits are sorted by counting
            ends = np.cumsum(np.bincount(narrow, minlength=len(table.kinds)))
            self._by_kind[by_account] = np.argsort(narrow, kind="stable"), ends
        order, ends = self._by_kind[by_account]
        parts = [order[(ends[code - 1] if code else 0) : ends[code]] for code in wanted]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))

    def _table(self, *, by_account: bool) -> SignalTable:
        if not by_account:
            return self.frame.signals
        if self._everybody is None:
            self._everybody = self.frame.signals.joined(self.frame.colleagues)
        return self._everybody

    def measure_of(self, acts: Acts, count: Numbers) -> Measure:
        """`count` with the days of the latest and the earliest of the acts it was made from."""
        if not len(acts.rows):
            return self.nothing
        latest, earliest = self.nothing.latest.copy(), self.nothing.earliest.copy()
        lead, day = acts.lead, acts.day
        latest[lead] = day  # rows are sorted by day, and the last assignment stays
        earliest[lead[::-1]] = day[::-1]
        return Measure(count, latest, earliest)

    def is_day(self, days: Numbers) -> Mask:
        """Where there is a day at all."""
        return days != UNDATED

    def date(self, day: int) -> date | None:
        """A day number as a date, None if undated."""
        return None if day == UNDATED else date_of(day)
