"""The story of one clock: when it started, when it stood still, when it warned, fell due and ended."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.foundation.pages.words import duration_words
from sla.business_time import BusinessHours, from_microseconds, to_microseconds
from sla.calendars import hours_of
from sla.models import Clock
from sla.queries import reading_of

MOST_PAUSES = 60
MET_BY = {
    "answer": gettext_lazy("the answer to the hand-off"),
    "attempt": gettext_lazy("a logged attempt"),
    "details": gettext_lazy("the complete details"),
    "handoff": gettext_lazy("the hand-off, which had all details"),
}
"""What closed a clock, in words."""


@dataclass(frozen=True, slots=True)
class Story:
    """A clock as its page tells it. `events` are rows of the component `timeline`, oldest first."""

    state: str
    tone: str
    left: str
    events: list[dict[str, Any]]
    calendar: str


def story_of(clock: Clock, now: datetime) -> Story:
    """Everything about one clock in order. No query if clause, user and calendar version are loaded."""
    reading = reading_of(clock, now)
    hours = hours_of(clock.calendar_version) if clock.calendar_version else None
    events = [*_own_events(clock, now), *_closed_hours(clock, hours, now)]
    span = duration_words(reading.left)
    kind = _("of business time") if hours else ""
    left = _("late by %(span)s %(kind)s") if reading.is_late else _("%(span)s %(kind)s to spare")
    return Story(
        state=str(reading.label),
        tone=reading.tone,
        left=(left % {"span": span, "kind": kind}).replace("  ", " ").strip(),
        events=sorted(events, key=lambda event: (event["at"], event["order"])),
        calendar=str(clock.calendar_version) if clock.calendar_version else "",
    )


def _own_events(clock: Clock, now: datetime) -> list[dict[str, Any]]:
    who = clock.user.name if clock.user else ""
    events = [
        _event(clock.started_at, 0, _("Started"), "player-play", by=who),
        _event(clock.warn_at, 1, _("Warning"), "bell", "warn" if clock.warn_at <= now else ""),
        _event(clock.due_at, 2, _("Due"), "flag", "bad" if (clock.met_at or now) > clock.due_at else ""),
    ]
    if clock.paused_at:
        events.append(_event(clock.paused_at, 3, _("Paused"), "player-pause", "note"))
    if clock.met_at:
        words = MET_BY.get(clock.met_by_kind, clock.met_by_kind)
        late = clock.met_at > clock.due_at
        text = _("Closed by %(evidence)s.") % {"evidence": words}
        title = _("Done, too late") if late else _("Kept")
        events.append(_event(clock.met_at, 4, title, "circle-check", "bad" if late else "good", text=text))
    if clock.cancelled_at:
        events.append(_event(clock.cancelled_at, 4, _("Called off"), "ban", text=clock.cancel_reason))
    if clock.met_at is None and clock.cancelled_at is None:
        events.append(_event(now, 5, _("Now"), "clock"))
    return events


def _closed_hours(clock: Clock, hours: BusinessHours | None, now: datetime) -> list[dict[str, Any]]:
    """When the clock stood still because its calendar was closed: nights, weekends, holidays."""
    if hours is None:
        return []
    first = to_microseconds(clock.started_at)
    last = to_microseconds(clock.met_at or clock.cancelled_at or max(now, clock.due_at))
    open_time = hours.open_time(first, last)
    at = bisect_right(open_time.ends, first)  # the first opening that ends after the start
    found: list[dict[str, Any]] = []
    closed = first
    while closed < last and len(found) < MOST_PAUSES and at < len(open_time.starts):
        opens = min(open_time.starts[at], last)
        if opens > closed:
            text = _("Outside business hours for %(span)s.") % {
                "span": duration_words(timedelta(microseconds=opens - closed))
            }
            since = from_microseconds(closed)
            found.append(_event(since, 1, _("Clock stands still"), "clock-pause", text=text))
        closed = open_time.ends[at]
        at += 1
    return found


def _event(
    at: datetime, order: int, title: str, icon: str, tone: str = "", by: str = "", text: str = ""
) -> dict[str, Any]:
    return {"at": at, "order": order, "title": title, "icon": icon, "tone": tone, "by": by, "text": text}
