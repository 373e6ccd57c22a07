"""The story of one clock: when it started, when it stood still, when it warned, fell due and ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.foundation.pages.words import duration_words
from sla.clocks import DETAILS_MISSING
from sla.models import CalendarVersion, Clock, ClockEventKind
from sla.queries import closed_hours_of, reading_of
from sla.recomputing import events_of

MOST_PAUSES = 60
MET_BY = {
    "answer": gettext_lazy("the answer to the hand-off"),
    "attempt": gettext_lazy("a logged attempt"),
    "details": gettext_lazy("the complete details"),
    "handoff": gettext_lazy("the hand-off, which had all details"),
}
"""What closed a clock, in words."""
CALLED_OFF = {
    "answer": gettext_lazy("The lead was answered, so nobody waits for this any more."),
    "reassigned": gettext_lazy("Somebody else has the lead now, with a clock of their own."),
    "recomputed": gettext_lazy("The agreement, a calendar or an absence changed; a new clock runs on from the start."),
}
"""Why a clock was called off, in words."""


@dataclass(frozen=True, slots=True)
class Story:
    """A clock as its page tells it. `events` are rows of the component `timeline`, oldest first."""

    state: str
    tone: str
    left: str
    events: list[dict[str, Any]]
    calendar: str


def story_of(clock: Clock, now: datetime) -> Story:
    """Everything about one clock in order. A query or two if clause, user and calendar version are loaded."""
    reading = reading_of(clock, now)
    events = [*_own_events(clock, now), *_closed_hours(clock, now), *_pauses(clock)]
    span = duration_words(reading.left)
    kind = _("of business time") if clock.calendar_version else ""
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
    if clock.met_at:
        words = MET_BY.get(clock.met_by_kind, clock.met_by_kind)
        late = clock.met_at > clock.due_at
        text = _("Closed by %(evidence)s.") % {"evidence": words}
        title = _("Done, too late") if late else _("Kept")
        events.append(_event(clock.met_at, 4, title, "circle-check", "bad" if late else "good", text=text))
    if clock.cancelled_at:
        events.append(
            _event(
                clock.cancelled_at,
                4,
                _("Called off"),
                "ban",
                text=str(CALLED_OFF.get(clock.cancel_reason, clock.cancel_reason)),
            )
        )
    if clock.met_at is None and clock.cancelled_at is None:
        events.append(_event(now, 5, _("Now"), "clock"))
    return events


def _closed_hours(clock: Clock, now: datetime) -> list[dict[str, Any]]:
    """When the clock stood still because its calendar was closed: nights, weekends, holidays, absences."""
    version = clock.calendar_version
    if version is None:
        return []
    return [
        _event(since, 1, _("Clock stands still"), "clock-pause", text=_closed_words(since, until, version))
        for since, until in closed_hours_of(clock, now, MOST_PAUSES)
    ]


def _closed_words(since: datetime, until: datetime, version: CalendarVersion) -> str:
    """Clock stopped 17:00–09:00 (16 h outside business hours), with the days off that are part of it by name."""
    zone = ZoneInfo(version.zone)
    first, last = since.astimezone(zone), until.astimezone(zone)
    is_one_night = (last.date() - first.date()).days <= 1
    form = "H:i" if is_one_night else "D j M H:i"
    words = _("Clock stopped %(from)s–%(until)s. Outside business hours for %(span)s.") % {
        "from": date_format(first, form),
        "until": date_format(last, form),
        "span": duration_words(until - since),
    }
    days = (first.date() + timedelta(days=number) for number in range((last.date() - first.date()).days + 1))
    named = {**version.spec.get("holidays", {}), **{day: one.get("name", "") for day, one in _own_days(version)}}
    off = [f"{date_format(day, 'j M')} {named[day.isoformat()]}".strip() for day in days if day.isoformat() in named]
    return f"{words} {_('Day off: %(days)s.') % {'days': ', '.join(off)}}" if off else words


def _own_days(version: CalendarVersion) -> Iterable[tuple[str, dict[str, Any]]]:
    return (version.spec.get("own") or {}).items()


def _pauses(clock: Clock) -> list[dict[str, Any]]:
    """When the clock was stopped, why, and when it ran on."""
    reasons = {DETAILS_MISSING: _("Marketing's details are missing; this time is not the rep's.")}
    return [
        _event(row.at, 3, _("Paused"), "player-pause", "note", text=reasons.get(row.reason, row.reason))
        if row.kind == ClockEventKind.PAUSED
        else _event(row.at, 3, _("Runs on"), "player-play", "note")
        for row in events_of(clock)
    ]


def _event(
    at: datetime, order: int, title: str, icon: str, tone: str = "", by: str = "", text: str = ""
) -> dict[str, Any]:
    return {"at": at, "order": order, "title": title, "icon": icon, "tone": tone, "by": by, "text": text}
