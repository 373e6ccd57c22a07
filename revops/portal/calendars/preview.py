"""What a calendar means for the next weeks, and who keeps its hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.calendar_spec import DAY, CalendarSpec
from sla.models import CalendarVersion

WEEKS = 4
_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day: its windows as people say them, its hours, and why it is special."""

    day: date
    windows: str
    hours: float
    name: str
    is_today: bool


def next_weeks(version: CalendarVersion, now: datetime, weeks: int = WEEKS) -> list[list[DayRow]]:
    """The running week and those after it, from Monday on, in the calendar's own zone."""
    spec = CalendarSpec.read(version.zone, version.spec)
    names = dict(version.spec.get("holidays") or {})
    names |= {day: about.get("name", "") for day, about in (version.spec.get("own") or {}).items()}
    today = now.astimezone(ZoneInfo(version.zone)).date()
    monday = today - timedelta(days=today.weekday())
    return [
        [_row(spec, names, monday + timedelta(days=7 * week + day), today) for day in range(7)] for week in range(weeks)
    ]


def weekly_hours(version: CalendarVersion) -> float:
    """Hours of an ordinary week."""
    spec = CalendarSpec.read(version.zone, version.spec)
    return sum(closes - opens for day in spec.week for opens, closes in day) / (60 * _MINUTE)


def next_day_off(version: CalendarVersion, today: date) -> tuple[date, str] | None:
    """The next public holiday or own day, with its name."""
    days = dict(version.spec.get("holidays") or {})
    days |= {day: about.get("name", "") for day, about in (version.spec.get("own") or {}).items()}
    coming = sorted(day for day in days if day >= today.isoformat())
    return (date.fromisoformat(coming[0]), days[coming[0]]) if coming else None


def _row(spec: CalendarSpec, names: dict[str, str], day: date, today: date) -> DayRow:
    windows = spec.windows_on(day)
    words = ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in windows)
    hours = sum(closes - opens for opens, closes in windows) / (60 * _MINUTE)
    return DayRow(day, words, hours, names.get(day.isoformat(), ""), day == today)


def _clock(moment: int) -> str:
    minutes = (moment % DAY if moment > DAY else moment) // _MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"
