"""What marketing does with leads that did not respond: nurtures nearly all of them, some late, a few not to the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

from feedback.metrics import organisation_zone
from feedback.models import NurturePeriod, NurtureTrack
from feedback.nurturing import start_nurture, stop_nurture, unresponsive
from revops.foundation.models import User
from revops.portal.demo.seasons import YEAR

SINCE = YEAR + timedelta(days=5)
MORNING = time(9, 20)
FORGOTTEN, LATE, STOPPED = 0.05, 0.08, 0.06
_REASONS = (
    "Asked by mail not to be written to.",
    "Left the company; nobody took over.",
    "Became a customer of our partner.",
)


def nurture_lately(users: Mapping[str, User], now: datetime, rng: Random) -> int:
    """Begins nurture each working morning for what sales gave up for no response. Answers how many periods began."""
    marketers = [user for _login, user in sorted(users.items()) if user.role == "marketer" and user.is_active]
    tracks = list(NurtureTrack.objects.order_by("pk"))
    waiting: dict[datetime, list[UUID]] = defaultdict(list)
    for row in unresponsive().filter(decided_at__gte=now - SINCE):
        luck = rng.random()
        if luck < FORGOTTEN or row.decided_at is None:
            continue
        at = _next_morning(row.decided_at + timedelta(days=3 if luck < FORGOTTEN + LATE else 0))
        if at < now:
            waiting[at].append(row.lead_id)
    for place, at in enumerate(sorted(waiting)):
        track = tracks[place % len(tracks)] if tracks else None
        start_nurture(sorted(waiting[at]), by=marketers[place % len(marketers)], now=at, track=track)
    return _stop_some(now, rng) if waiting else 0


def _stop_some(now: datetime, rng: Random) -> int:
    """A few end before their time, with words. Answers how many periods there are."""
    periods = list(NurturePeriod.objects.select_related("started_by").order_by("started_at", "disposition__decided_at"))
    for period in periods:
        at = period.started_at + timedelta(days=rng.randint(4, 20))
        if rng.random() < STOPPED and at < now:
            stop_nurture(period.lead_id, by=period.started_by, reason=rng.choice(_REASONS), now=at)
    return len(periods)


def _next_morning(at: datetime) -> datetime:
    """Twenty past nine on the next working day."""
    zone = organisation_zone()
    day = at.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, MORNING, zone)
