"""What a business calendar says: zone, weekly windows, days off. Pure; words for whoever writes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import available_timezones

DAY = 86_400_000_000
"""Microseconds of a day on the wall."""
_MINUTE = 60_000_000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Window = tuple[int, int]
"""Opens and closes, in microseconds after midnight on the wall; past 24:00 means the next morning."""


class CalendarError(ValueError):
    """The calendar cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """A calendar, ready to be worked out. A window (also over midnight) and a day off belong to the day they begin."""

    zone: str
    week: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date]
    special: tuple[tuple[date, tuple[Window, ...]], ...] = ()

    @classmethod
    def read(cls, zone: str, spec: Mapping[str, object]) -> CalendarSpec:
        """From `{"week": {"mon": [["09:00", "17:00"], …]}, "holidays": {"2026-12-25": "Christmas Day"}}`.

        A window may end at or before its start: then it ends the next day. Days with windows of their own, like half
        days, stand in `own`: `{"2026-12-24": {"name": "Christmas Eve", "windows": [["09:00", "13:00"]]}}`; without
        windows they are off. They come before public holidays. Raises CalendarError.
        """
        if zone not in _zones():
            raise CalendarError(f"“{zone}” is not a time zone. Write it like Europe/Berlin.")
        week = spec.get("week", {})
        if not isinstance(week, Mapping):
            raise CalendarError("The week names its days: mon, tue, wed, thu, fri, sat, sun.")
        for unknown in set(week) - set(WEEKDAYS):
            raise CalendarError(f"“{unknown}” is not a day. Use mon, tue, wed, thu, fri, sat, sun.")
        holidays = spec.get("holidays", {})
        if not isinstance(holidays, Mapping):
            raise CalendarError("Days off are written as date and name, like 2026-12-25: Christmas Day.")
        own = spec.get("own") or {}
        if not isinstance(own, Mapping):
            raise CalendarError("Own days are written as a date with a name and windows.")
        special = {
            _date(day): tuple(_window(day, window) for window in about.get("windows") or ())
            for day, about in sorted(own.items())
        }
        return cls(
            zone,
            tuple(tuple(_window(day, window) for window in week.get(day, ())) for day in WEEKDAYS),
            frozenset(_date(text) for text in holidays) - {day for day, windows in special.items() if windows}
            | {day for day, windows in special.items() if not windows},
            tuple((day, windows) for day, windows in special.items() if windows),
        )

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that begin on a day."""
        if day in self.holidays:
            return ()
        for special, windows in self.special:
            if special == day:
                return windows
        return self.week[day.weekday()]


def _zones() -> set[str]:
    if not _ZONES:
        _ZONES.update(available_timezones())
    return _ZONES


_ZONES: set[str] = set()


def _window(day: str, window: object) -> Window:
    if not isinstance(window, list | tuple) or len(window) != 2:
        raise CalendarError(f"A window of {day} has a start and an end, like 09:00 and 17:00.")
    opens, closes = (_time(day, text) for text in window)
    if opens >= DAY:
        raise CalendarError(f"A window of {day} starts before 24:00.")
    return opens, closes if closes > opens else closes + DAY


def _time(day: str, text: object) -> int:
    hour, separator, minute = str(text).partition(":")
    if not (separator and hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and len(minute) == 2):
        raise CalendarError(f"“{text}” on {day} is not a time. Write it like 09:00.")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > 24 * 60:
        raise CalendarError(f"“{text}” on {day} is not a time of day. Use 00:00 to 24:00.")
    return minutes * _MINUTE


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CalendarError(f"“{text}” is not a date. Write it like 2026-12-25.") from error
