"""Weeks and other periods in the organisation's time zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_WEEK = re.compile(r"(\d{4})-W(\d{2})\Z")


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open span of aware UTC instants: from `start` up to, not including, `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week in one time zone, named like 2026-W47."""

    monday: date
    zone: ZoneInfo

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Week:
        """The week in which `moment` falls for people in `zone`."""
        day = moment.astimezone(zone).date()
        return cls(day - timedelta(days=day.weekday()), zone)

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> Week:
        """Reads 2026-W47. Raises ValueError in words."""
        match = _WEEK.match(text)
        if match is None:
            raise ValueError("Write the week like 2026-W47.")
        try:
            return cls(date.fromisocalendar(int(match[1]), int(match[2]), 1), zone)
        except ValueError:
            raise ValueError(f"{match[1]} has no week {match[2]}.") from None

    @property
    def name(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def start(self) -> datetime:
        return self.period.start

    @property
    def end(self) -> datetime:
        return self.period.end

    @property
    def period(self) -> Period:
        return _week_from(self.monday, self.zone)

    def plus(self, weeks: int) -> Week:
        """The week so many weeks later (earlier if negative)."""
        return Week(self.monday + timedelta(weeks=weeks), self.zone)

    def until(self, last: Week) -> list[Week]:
        """This week and those up to and including `last`."""
        return [self.plus(offset) for offset in range((last.monday - self.monday).days // 7 + 1)]

    def __str__(self) -> str:
        return self.name


@lru_cache(4096)
def _week_from(monday: date, zone: ZoneInfo) -> Period:
    """Midnight to midnight for people in `zone`; boards ask for the same weeks hundreds of times."""
    start, end = (datetime.combine(day, time(), zone) for day in (monday, monday + timedelta(days=7)))
    return Period(start.astimezone(UTC), end.astimezone(UTC))


MOST_RUNS = 3


def runs(weeks: Iterable[Week]) -> list[tuple[Week, Week]]:
    """Stretches of neighbouring weeks as (first, last); more than a few are taken as one, with what lies between."""
    found: list[tuple[Week, Week]] = []
    for week in sorted(weeks, key=lambda one: one.monday):
        if found and found[-1][1].plus(1) == week:
            found[-1] = (found[-1][0], week)
        else:
            found.append((week, week))
    return found if len(found) <= MOST_RUNS else [(found[0][0], found[-1][1])]
