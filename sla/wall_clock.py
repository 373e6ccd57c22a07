"""A second way to work out deadlines, kept simple on purpose: it reads the clock on the wall minute by minute.

Nothing here is shared with `business_time`; where both disagree, one of them is wrong. It is quick enough to work out a
hundred thousand deadlines again because what the wall showed on a day is kept, not because it is clever. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_DAYS = 366 * 25
_QUARTER = 15
_MINUTES = np.arange(24 * 60 + 1, dtype=np.int64) * 60_000_000
"""The minutes of a day in microseconds since its midnight, the next midnight included."""


class WallClock:
    """Says of any minute whether it is working time, by the zone's wall clock and a calendar as it is stored."""

    def __init__(self, zone: str, spec: Mapping[str, Any]) -> None:
        self.zone, self.week = ZoneInfo(zone), spec.get("week", {})
        self.off = {date.fromisoformat(day) for day in spec.get("holidays", {})}
        self.own = {
            date.fromisoformat(day): facts.get("windows") or () for day, facts in (spec.get("own") or {}).items()
        }
        self.open_minutes = cache(self._open_minutes)

    def due_at(
        self, start: datetime, promise: timedelta, stops: Sequence[tuple[datetime, datetime]] = ()
    ) -> datetime | None:
        """When so much working time has passed since `start`, the stops not counted; None if that never comes."""
        if not any(self.week.values()) and not any(self.own.values()):
            return None
        at, left = start.astimezone(UTC), promise
        for _ in range(_MOST_DAYS):
            if left <= timedelta(0):
                return at
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            due, passed = self._walk(midnight, at, left, stops)
            if due is not None:
                return due
            at, left = midnight + DAY, left - passed
        return None

    def _walk(
        self, midnight: datetime, at: datetime, left: timedelta, stops: Sequence[tuple[datetime, datetime]]
    ) -> tuple[datetime | None, timedelta]:
        """One day in UTC from `at` to its end, in steps no longer than a minute: when `left` has passed, if it has,
        and how much passed."""
        minutes = self.open_minutes(midnight.date())
        edges = [edge for stop in stops for edge in stop if at < edge < midnight + DAY]
        marks = np.array([(edge - midnight) // timedelta(microseconds=1) for edge in (at, *edges)], dtype=np.int64)
        steps = np.union1d(_MINUTES[marks[0] < _MINUTES], marks)
        counts = minutes[steps[:-1] // 60_000_000]
        for since, until in stops:
            first, last = ((one - midnight) // timedelta(microseconds=1) for one in (since, until))
            counts = counts & ~((first <= steps[:-1]) & (steps[:-1] < last))
        passed = np.cumsum(np.where(counts, np.diff(steps), 0))
        wanted = left // timedelta(microseconds=1)
        if passed[-1] < wanted:
            return None, timedelta(microseconds=int(passed[-1]))
        step = int(np.argmax(passed >= wanted))
        return midnight + timedelta(microseconds=int(steps[step + 1] - (passed[step] - wanted))), left

    def _open_minutes(self, day: date) -> NDArray[np.bool_]:
        """Each minute of one day in UTC."""
        days, minutes = _on_the_wall(self.zone, day)
        is_open = np.zeros(24 * 60, dtype=bool)
        for number in np.unique(days).tolist():
            today = date.fromordinal(number)
            on_this_day = days == number
            for opens, closes in self._windows(today):
                is_open |= on_this_day & (opens <= minutes) & (minutes < (closes if closes > opens else closes + 1440))
            for opens, closes in self._windows(today - DAY):
                is_open |= on_this_day & (closes <= opens) & (minutes < closes)
        return is_open

    def _windows(self, day: date) -> list[tuple[int, int]]:
        """When work begins and ends on a day, by its own plan, else not at all on a day off, else by the week."""
        usual = () if day in self.off else self.week.get(_WEEKDAYS[day.weekday()], ())
        return [(_minutes(opens), _minutes(closes)) for opens, closes in self.own.get(day, usual)]


@lru_cache(maxsize=4096)
def _on_the_wall(zone: ZoneInfo, day: date) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """What the wall shows in each minute of one day in UTC: the day there, and the minutes since its midnight.

    The wall is read each quarter of an hour, and each minute of those quarters in which it was moved.
    """
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    shown: list[datetime] = []
    quarters = [(first + number * _QUARTER * MINUTE).astimezone(zone) for number in range(24 * 60 // _QUARTER + 1)]
    for place, (now, then) in enumerate(pairwise(quarters)):
        was_moved = then.replace(tzinfo=None) - now.replace(tzinfo=None) != _QUARTER * MINUTE
        for minute in range(_QUARTER):
            moment = first + (place * _QUARTER + minute) * MINUTE
            shown.append(moment.astimezone(zone) if was_moved else now + minute * MINUTE)
    return (
        np.array([wall.toordinal() for wall in shown], dtype=np.int32),
        np.array([wall.hour * 60 + wall.minute for wall in shown], dtype=np.int16),
    )


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
