"""When a snoozed lead can come back: five usual instants and one of one's own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

MORNING = time(9)
LAST_LATER = time(17)
LATER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class SnoozeOption:
    """One choice; `key` is its digit. `needs_reason` says that the deadline passes while the lead sleeps."""

    key: int
    code: str
    label: str
    until: datetime
    needs_reason: bool


def snooze_options(now: datetime, zone: tzinfo, due_at: datetime | None) -> list[SnoozeOption]:
    """The five usual choices in the zone of whoever snoozes, soonest first."""
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    choices = [
        ("later_today", _("Later today"), _later(now, zone)),
        ("tomorrow", _("Tomorrow"), _morning(tomorrow, zone)),
        ("next_business_day", _("Next business day"), _morning(business_day(tomorrow), zone)),
        ("next_week", _("Next week"), _morning(today + timedelta(days=7 - today.weekday()), zone)),
        ("next_quarter", _("Next quarter"), _morning(business_day(_next_quarter(today)), zone)),
    ]
    return [
        SnoozeOption(key, code, label, until, due_at is not None and until > due_at)
        for key, (code, label, until) in enumerate(choices, start=1)
    ]


def business_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def _later(now: datetime, zone: tzinfo) -> datetime:
    """In two hours, on the quarter of an hour; never after closing time unless that has passed already."""
    at = (now + LATER).astimezone(zone)
    at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    closing = at.replace(hour=LAST_LATER.hour, minute=0)
    return closing if at > closing > now.astimezone(zone) + timedelta(minutes=15) else at


def _morning(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, MORNING, zone)


def _next_quarter(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 4
    return date(day.year + month // 13, (month - 1) % 12 + 1, 1)
