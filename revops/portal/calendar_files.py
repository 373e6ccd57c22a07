"""A calendar file between its preview and its saving: shown row by row, its events signed in a field of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core import signing
from django.utils.translation import gettext as _

from sla.ics import Event

SALT = "calendar-file"
KEPT_FOR = 3600
"""Seconds after which a preview is too old to be saved."""


class PreviewTooOld(ValueError):
    """The preview was not made here, is about something else, or is older than an hour."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One event as the preview shows it; what `can_take` is False has no box to tick."""

    place: int
    name: str
    when: str
    verdict: str
    tone: str
    note: str = ""
    can_take: bool = True


def seal_events(events: Sequence[Event], about: UUID) -> str:
    """The events as one line of text for a hidden field; `about` is whose or which calendar's they become."""
    rows = [
        [event.key, event.name, event.starts_at.isoformat(), event.ends_at.isoformat(), event.is_all_day]
        for event in events
    ]
    return signing.dumps({"about": str(about), "events": rows}, salt=SALT, compress=True)


def open_events(sealed: str, about: UUID, chosen: Sequence[str]) -> list[Event]:
    """Those events of a preview that were chosen, by their place in it. Raises PreviewTooOld."""
    try:
        found: dict[str, Any] = signing.loads(sealed, salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature as error:
        raise PreviewTooOld from error
    if found["about"] != str(about):
        raise PreviewTooOld
    return [
        Event(key, name, datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at), is_all_day)
        for place, (key, name, starts_at, ends_at, is_all_day) in enumerate(found["events"])
        if str(place) in chosen
    ]


def span_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """ "6 Jul to 17 Jul 2026", "6 Jul 2026", "6 Jul 2026, 14:00 to 18:00": when, in the zone of whom it is about."""
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if (start.hour, start.minute, end.hour, end.minute) != (0, 0, 0, 0):
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%-d %b, %H:%M}"
        return _("%(first)s to %(last)s") % {"first": f"{start:%-d %b %Y, %H:%M}", "last": until}
    last = (end - timedelta(seconds=1)).date()
    if last == start.date():
        return f"{start:%-d %b %Y}"
    return _("%(first)s to %(last)s") % {"first": f"{start:%-d %b}", "last": f"{last:%-d %b %Y}"}
