"""Reads .ics files: events with their days or times, recurring ones spread out within a horizon. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar

MOST_BYTES = 1_000_000
MOST_EVENTS = 500
"""Of one file, recurring ones spread out."""
HORIZON = timedelta(days=550)
"""Recurring events are spread out so far ahead."""


class IcsError(ValueError):
    """The file cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """One time somebody is away. `key` stays the same when the file is read again. Aware instants."""

    key: str
    name: str
    starts_at: datetime
    ends_at: datetime
    is_all_day: bool


@dataclass(frozen=True, slots=True)
class IcsFile:
    """What a file holds from `now` on; `problems` names, in words, events that could not be read."""

    events: list[Event]
    problems: list[str]


def read_ics(content: bytes, *, zone: ZoneInfo, now: datetime) -> IcsFile:
    """The events that end after `now`, in order of time. Days and times without a zone are those of `zone`.

    Cancelled and “free” events are left out. Raises IcsError with words if it is no such file, or too large.
    """
    if len(content) > MOST_BYTES:
        raise IcsError(_("The file is larger than 1 MB. Export a shorter time."))
    try:
        calendar: Any = Calendar.from_ical(content)
    except Exception as error:
        raise IcsError(
            _("This is not an .ics file. Export the calendar as iCalendar, then choose that file.")
        ) from error
    if getattr(calendar, "name", "") != "VCALENDAR":
        raise IcsError(_("This file holds no calendar. Export the calendar as iCalendar, then choose that file."))
    events: list[Event] = []
    problems: list[str] = []
    for component in calendar.walk("VEVENT"):
        try:
            events += islice(_events_of(component, zone, now), MOST_EVENTS + 1)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            name = str(component.get("SUMMARY", _("an event without a name")))[:80]
            problems.append(_("“%(name)s” has no dates that can be read.") % {"name": name})
        if len(events) > MOST_EVENTS:
            raise IcsError(_("The file holds more than %(n)s absences. Export a shorter time.") % {"n": MOST_EVENTS})
    return IcsFile(sorted(events, key=lambda event: (event.starts_at, event.key)), problems)


def _events_of(component: Any, zone: ZoneInfo, now: datetime) -> Iterator[Event]:
    if str(component.get("STATUS", "")).upper() == "CANCELLED" or str(component.get("TRANSP", "")) == "TRANSPARENT":
        return
    start = component.decoded("DTSTART")
    length = _length(component, start)
    if length <= timedelta(0):
        raise ValueError
    name, key = str(component.get("SUMMARY", ""))[:200], str(component.get("UID", "")) or f"{start}{name_of(component)}"
    is_all_day = not isinstance(start, datetime)
    for begins in _starts(component, start, now, zone):
        ends = begins + length
        starts_at, ends_at = _instant(begins, zone), _instant(ends, zone)
        if ends_at > now:
            yield Event(f"{key[:150]}/{begins:%Y%m%dT%H%M}", name, starts_at, ends_at, is_all_day)


def name_of(component: Any) -> str:
    """The name of an event, or nothing."""
    return str(component.get("SUMMARY", ""))


def _length(component: Any, start: date) -> timedelta:
    if "DTEND" in component:
        end = component.decoded("DTEND")
        length: timedelta = end - start
        return length
    if "DURATION" in component:
        duration: timedelta = component.decoded("DURATION")
        return duration
    return timedelta(days=1) if not isinstance(start, datetime) else timedelta(0)


def _starts(component: Any, start: date, now: datetime, zone: ZoneInfo) -> Iterator[date]:
    """When each occurrence begins, on the wall clock of the event."""
    if "RRULE" not in component:
        yield start
        return
    # A rule is spread out on the wall clock, so that nine o'clock stays nine o'clock when the clocks change.
    wall = start.tzinfo if isinstance(start, datetime) else None
    first = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time())
    rules = rruleset()
    text = component["RRULE"].to_ical().decode()
    if "UNTIL=" in text:
        text = ";".join(_naive_until(part, wall or zone) for part in text.split(";"))
    rules.rrule(rrulestr(text, dtstart=first))
    for day in _exceptions(component):
        bare = day.astimezone(wall) if isinstance(day, datetime) and day.tzinfo and wall else day
        rules.exdate(bare.replace(tzinfo=None) if isinstance(bare, datetime) else datetime.combine(bare, time()))
    end = (now + HORIZON).replace(tzinfo=None)
    for at in rules:
        if at > end:
            return
        yield at.replace(tzinfo=wall) if isinstance(start, datetime) else at.date()


def _naive_until(part: str, wall: Any) -> str:
    """The end of a rule on the wall clock: the library compares it with times without a zone."""
    name, _sign, value = part.partition("=")
    if name != "UNTIL" or "T" not in value:
        return part
    at = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone follows
    if value.endswith("Z"):
        at = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(wall).replace(tzinfo=None)
    return f"UNTIL={at:%Y%m%dT%H%M%S}"


def _exceptions(component: Any) -> list[date]:
    found = component.get("EXDATE")
    if found is None:
        return []
    return [value.dt for one in (found if isinstance(found, list) else [found]) for value in one.dts]


def _instant(at: date, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), zone)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
