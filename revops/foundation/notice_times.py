"""When somebody is told: at once, when their working hours begin, or with which digest. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Person:
    """What decides when somebody is told. `works_at`: now if they work now, else when they begin; None: unknown."""

    zone: str = "UTC"
    works_at: datetime | None = None
    keeps_quiet: bool = True
    most_an_hour: int = 10
    digest_hour: int = 8


def digest_at(cadence: str, channel: str, person: Person, told_this_hour: int, now: datetime) -> datetime | None:
    """With which digest something is told, or None for at once. `told_this_hour` counts what was told at once.

    The portal itself rings nobody: its notices neither wait for working hours nor count against the limit.
    """
    if cadence == "hourly":
        at = next_full_hour(now)
    elif cadence == "daily":
        at = next_daily(now, person.zone, person.digest_hour)
    elif channel != "in_app" and told_this_hour >= person.most_an_hour:
        at = next_full_hour(now)
    elif channel != "in_app" and person.keeps_quiet and person.works_at is not None and person.works_at > now:
        return person.works_at
    else:
        return None
    if channel != "in_app" and person.keeps_quiet and person.works_at is not None and person.works_at > now:
        return max(at, person.works_at)
    return at


def next_full_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def next_daily(now: datetime, zone: str, hour: int) -> datetime:
    """The next time it is `hour` o'clock in `zone`; an hour that a day skips is taken an hour later."""
    here = now.astimezone(ZoneInfo(zone))
    for days in (0, 1, 2):
        local = (here + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
        at = local.astimezone(now.tzinfo)
        if at > now:
            return at
    raise AssertionError("One of three days has this hour after now.")
