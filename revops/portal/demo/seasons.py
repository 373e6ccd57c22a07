"""When prospects come: growth, the August dip, quarter ends, Mondays, office hours, fairs and webinars. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from revops.portal.demo.catalogue import Profile

YEAR = timedelta(days=365)
_WEEKDAYS = (1.18, 1.12, 1.06, 1.0, 0.82, 0.22, 0.26)
_MONTHS = (0.92, 1.0, 1.12, 0.98, 1.0, 1.06, 0.84, 0.58, 1.14, 1.1, 1.08, 0.78)
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 15, 11, 13, 16, 16, 13, 10, 7, 5, 4, 4, 3, 2)


class Seasons:
    """The year before `now`: which days are busy, and when each source brings its people."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.begins = now - YEAR
        self.days = [self.begins.date() + timedelta(days=number) for number in range((now - self.begins).days + 1)]
        every = self._running(lambda day: True)
        fairs = {day for week in (4, 17, 29, 41, 49) for day in self._fair(week)}
        self._of_channel = {
            "webinar": self._running(lambda day: self._days_since_webinar(day) <= 2),
            "event": self._running(lambda day: day in fairs),
            "syndication": self._running(lambda day: day.weekday() in (1, 3)),
            "outbound": self._running(lambda day: day.weekday() < 5),
        }
        self._every = every

    def weight_of(self, day: date) -> float:
        """How busy a day is; 1 is an ordinary one."""
        growth = 0.85 + 0.3 * (day - self.days[0]).days / len(self.days)
        quarter_end = 1.22 if day.month % 3 == 0 and day.day >= 14 and day.month != 12 else 1.0
        christmas = 0.4 if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 3) else 1.0
        return _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * growth * quarter_end * christmas

    def arrival(self, rng: Random, profile: Profile, zone: str) -> datetime:
        """When somebody of this source is received, in UTC; within the year."""
        running = self._of_channel.get(profile.medium, self._every)
        for _ in range(20):
            day = self.days[min(bisect_left(running, rng.random() * running[-1]), len(self.days) - 1)]
            at = self._time_of_day(rng, profile, day, zone)
            if self.begins <= at <= self.now - timedelta(minutes=2):
                return at
        return self.now - timedelta(hours=rng.uniform(30, 90))

    def recent(self, rng: Random, zone: str) -> datetime:
        """A time within the last working days: half of them within the last hours."""
        if rng.random() < 0.45:
            return self.now - timedelta(minutes=rng.uniform(4, 240))
        moment = self.now - timedelta(hours=rng.uniform(4, 40))
        local = moment.astimezone(ZoneInfo(zone))
        while local.weekday() >= 5:
            local -= timedelta(days=1)
        return local.astimezone(UTC)

    def _time_of_day(self, rng: Random, profile: Profile, day: date, zone: str) -> datetime:
        if profile.medium == "syndication":
            return datetime.combine(day, time(6, rng.randrange(5), rng.randrange(60)), UTC)
        if profile.medium == "event":
            return datetime.combine(day, time(17, rng.randrange(40), rng.randrange(60)), UTC)
        hour = rng.choices(range(24), _HOURS)[0]
        local = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60), rng.randrange(1_000_000)))
        return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def _running(self, counts: Callable[[date], bool]) -> list[float]:
        return list(accumulate(self.weight_of(day) if counts(day) else 0.0 for day in self.days))

    def _fair(self, week: int) -> list[date]:
        monday = self.days[0] + timedelta(days=7 * week - self.days[0].weekday())
        return [monday + timedelta(days=offset) for offset in (2, 3, 4)]

    def _days_since_webinar(self, day: date) -> int:
        """Webinars are on every second Thursday."""
        number = (day - date(2024, 1, 4)).days
        return number % 14
