"""A second way to work out deadlines, kept slow and simple on purpose: it reads the clock on the wall minute by minute.

Nothing here is shared with `business_time`; where both disagree, one of them is wrong. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_DAYS = 366 * 25


class WallClock:
    """Says of any minute whether it is working time, by the zone's wall clock and a calendar as it is stored."""

    def __init__(self, zone: str, spec: Mapping[str, Any]) -> None:
        self.zone, self.week = ZoneInfo(zone), spec.get("week", {})
        self.off = {date.fromisoformat(day) for day in spec.get("holidays", {})}
        self.own = {
            date.fromisoformat(day): facts.get("windows") or () for day, facts in (spec.get("own") or {}).items()
        }
        self.open_minutes, self.windows = cache(self._open_minutes), cache(self._windows)

    def due_at(
        self, start: datetime, promise: timedelta, stops: Sequence[tuple[datetime, datetime]] = ()
    ) -> datetime | None:
        """When so much working time has passed since `start`, the stops not counted; None if that never comes."""
        if not any(self.week.values()) and not any(self.own.values()):
            return None
        at, left = start.astimezone(UTC), promise
        last = at + _MOST_DAYS * DAY
        while left > timedelta(0):
            stopped = [until for since, until in stops if since <= at < until]
            if stopped:
                at = max(stopped)
                continue
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            minutes = self.open_minutes(midnight.date())
            is_plain_day = at == midnight and not any(since < midnight + DAY and until > at for since, until in stops)
            if is_plain_day and sum(minutes) * MINUTE < left:
                left -= sum(minutes) * MINUTE
                at = midnight + DAY
            else:
                number = (at - midnight) // MINUTE
                end = min([midnight + (number + 1) * MINUTE, *(since for since, _ in stops if since > at)])
                passes = min(left, end - at) if minutes[number] else timedelta(0)
                left -= passes
                at = at + passes if minutes[number] else end
            if at > last:
                return None
        return at

    def _open_minutes(self, day: date) -> tuple[bool, ...]:
        """Each minute of one day in UTC."""
        return tuple(self._is_open(today, now) for today, now in _on_the_wall(self.zone, day))

    def _is_open(self, today: date, now: int) -> bool:
        """Whether somebody works when the wall shows this day and minute."""
        for opens, closes in self.windows(today):
            if opens <= now < (closes if closes > opens else closes + 1440):
                return True
        return any(closes <= opens and now < closes for opens, closes in self.windows(today - DAY))

    def _windows(self, day: date) -> list[tuple[int, int]]:
        """When work begins and ends on a day, by its own plan, else not at all on a day off, else by the week."""
        usual = () if day in self.off else self.week.get(_WEEKDAYS[day.weekday()], ())
        return [(_minutes(opens), _minutes(closes)) for opens, closes in self.own.get(day, usual)]


@lru_cache(maxsize=512)
def _on_the_wall(zone: ZoneInfo, day: date) -> tuple[tuple[date, int], ...]:
    """What the wall shows in each minute of one day in UTC: the day there, and the minutes since its midnight."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    walls = ((first + number * MINUTE).astimezone(zone) for number in range(24 * 60))
    return tuple((wall.date(), wall.hour * 60 + wall.minute) for wall in walls)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
