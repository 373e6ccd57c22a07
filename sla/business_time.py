"""Business time: when somebody works, when a promise is due, how much working time has passed. Pure.

Open time is worked out once per year as intervals of UTC microseconds with running totals; every question is then a
search in sorted numbers. An instant is open if the wall clock of the zone then shows a time inside a window; so an
hour that a zone repeats counts twice, and an hour or a day that it skips does not count at all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sla.calendar_spec import DAY, CalendarSpec

Interval = tuple[int, int]
"""An open stretch, from and until, in microseconds since 1970 UTC; the end is outside."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DAY = date(1970, 1, 1)
_WORTH_COLUMNS = 16
_HORIZONS = tuple(years * 366 * DAY for years in (0, 1, 3, 20))
"""How far ahead to look for open time, a little further each time it does not suffice."""


class NoBusinessHours(Exception):
    """The calendar does not open, or not long enough, within twenty years."""


def due_at(start: datetime, promise: timedelta, hours: BusinessHours) -> datetime:
    """When an answer is due if the clock starts at `start`. Aware UTC.

    `promise` is business time. A promise that ends exactly when the office closes is due then, not next morning.
    Raises NoBusinessHours if the calendar never opens long enough.
    """
    moment, length = to_microseconds(start), promise // _MICROSECOND
    if length <= 0:
        return start.astimezone(UTC)
    for ahead in _HORIZONS:
        open_time = hours.open_time(moment, moment + length + ahead)
        target = open_time.worked_before(moment) + length
        if target <= open_time.total:
            return from_microseconds(open_time.instant_of(target))
    raise NoBusinessHours("The calendar does not open long enough for this promise. Add working hours to it.")


def due_many(starts: Sequence[datetime], promise: timedelta, hours: BusinessHours) -> list[datetime]:
    """`due_at` of many starts at once."""
    if len(starts) < _WORTH_COLUMNS:
        return [due_at(start, promise, hours) for start in starts]
    moments = np.fromiter(map(to_microseconds, starts), dtype=np.int64, count=len(starts))
    return [from_microseconds(moment) for moment in due_moments(moments, promise // _MICROSECOND, hours).tolist()]


def due_moments(starts: NDArray[np.int64], promise: int, hours: BusinessHours) -> NDArray[np.int64]:
    """`due_at` on columns: microseconds since 1970 UTC in and out. Raises NoBusinessHours if one has no answer."""
    if promise <= 0 or not len(starts):
        return starts
    first, last = int(starts.min()), int(starts.max())
    for ahead in _HORIZONS:
        open_time = hours.open_time(first, last + promise + ahead)
        targets = open_time.worked_before_many(starts) + promise
        if int(targets.max()) <= open_time.total:
            return open_time.instants_of(targets)
    raise NoBusinessHours("The calendar does not open long enough for this promise. Add working hours to it.")


def elapsed(start: datetime, end: datetime, hours: BusinessHours) -> timedelta:
    """Business time from `start` until `end`; negative if `end` is earlier."""
    first, last = to_microseconds(start), to_microseconds(end)
    open_time = hours.open_time(min(first, last), max(first, last))
    return timedelta(microseconds=open_time.worked_before(last) - open_time.worked_before(first))


def is_open(at: datetime, hours: BusinessHours) -> bool:
    """Whether `at` is working time."""
    moment = to_microseconds(at)
    return hours.open_time(moment, moment).is_open(moment)


def next_open(at: datetime, hours: BusinessHours) -> datetime:
    """`at` itself if it is working time, else when work begins next. Raises NoBusinessHours."""
    moment = to_microseconds(at)
    for ahead in _HORIZONS:
        opening = hours.open_time(moment, moment + ahead).next_open(moment)
        if opening is not None:
            return from_microseconds(opening)
    raise NoBusinessHours("The calendar never opens again. Add working hours to it.")


def working_days_before(at: datetime, days: int, hours: BusinessHours) -> datetime:
    """When the `days`-th working day before `at` begins; `at` itself if there are not so many within a year."""
    moment = to_microseconds(at)
    open_time = hours.open_time(moment - 366 * DAY, moment)
    begins: dict[date, int] = {}
    for opening in reversed(open_time.starts[: bisect_left(open_time.starts, moment)]):
        day = from_microseconds(opening).astimezone(hours.zone).date()
        if day not in begins and len(begins) == days:
            break
        begins[day] = opening
    return from_microseconds(min(begins.values())) if len(begins) == days else at


def working_days_after(at: datetime, days: int, hours: BusinessHours) -> datetime:
    """When the `days`-th working day after the day of `at` ends: "within five business days".

    Raises NoBusinessHours if there are not so many within twenty years.
    """
    moment, today = to_microseconds(at), at.astimezone(hours.zone).date()
    for ahead in _HORIZONS:
        open_time = hours.open_time(moment, moment + days * 7 * DAY + ahead)
        closes: dict[date, int] = {}
        for opening in range(bisect_right(open_time.starts, moment), len(open_time.starts)):
            day = from_microseconds(open_time.starts[opening]).astimezone(hours.zone).date()
            if day not in closes and len(closes) == days:
                return from_microseconds(max(closes.values()))
            if day > today:
                closes[day] = open_time.ends[opening]
    raise NoBusinessHours("The calendar does not open often enough for this promise. Add working hours to it.")


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


@dataclass(frozen=True, slots=True, eq=False)
class OpenTime:
    """The open stretches of some whole years, sorted, with how much was open before each."""

    first_year: int
    last_year: int
    starts: list[int]
    ends: list[int]
    worked: list[int]
    columns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, first_year: int, last_year: int, intervals: Sequence[Interval]) -> OpenTime:
        table = np.array(intervals, dtype=np.int64).reshape(-1, 2)
        starts, ends = table[:, 0].copy(), table[:, 1].copy()
        worked = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ends - starts)])
        return cls(first_year, last_year, starts.tolist(), ends.tolist(), worked.tolist(), (starts, ends, worked))

    @property
    def total(self) -> int:
        return self.worked[-1]

    def worked_before(self, moment: int) -> int:
        at = bisect_right(self.starts, moment) - 1
        return 0 if at < 0 else self.worked[at] + min(moment, self.ends[at]) - self.starts[at]

    def worked_before_many(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        starts, ends, worked = self.columns
        if not len(starts):
            return np.zeros(len(moments), dtype=np.int64)
        at = np.searchsorted(starts, moments, side="right") - 1
        inside = np.maximum(at, 0)
        return np.where(at < 0, 0, worked[inside] + np.minimum(moments, ends[inside]) - starts[inside])

    def instant_of(self, worked: int) -> int:
        """The first instant before which `worked` (above zero) microseconds were open."""
        at = bisect_left(self.worked, worked)
        return self.ends[at - 1] - (self.worked[at] - worked)

    def instants_of(self, worked: NDArray[np.int64]) -> NDArray[np.int64]:
        _, ends, totals = self.columns
        at = np.searchsorted(totals, worked, side="left")
        return ends[at - 1] - (totals[at] - worked)

    def is_open(self, moment: int) -> bool:
        at = bisect_right(self.starts, moment) - 1
        return at >= 0 and moment < self.ends[at]

    def next_open(self, moment: int) -> int | None:
        if self.is_open(moment):
            return moment
        at = bisect_left(self.starts, moment)
        return self.starts[at] if at < len(self.starts) else None


class BusinessHours:
    """When somebody works: a calendar without that person's absences. Safe to share between threads."""

    def __init__(self, spec: CalendarSpec, absences: Iterable[tuple[datetime, datetime]] = ()) -> None:
        self.spec = spec
        self.absences = _merged((to_microseconds(start), to_microseconds(end)) for start, end in absences)
        self._known: OpenTime | None = None

    @classmethod
    def read(cls, zone: str, spec: Mapping[str, object]) -> BusinessHours:
        """From a calendar as it is stored. Raises CalendarError with words for its writer."""
        return cls(CalendarSpec.read(zone, spec))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.spec.zone)

    def without(self, absences: Iterable[tuple[datetime, datetime]]) -> BusinessHours:
        """The same calendar for somebody with these absences."""
        return BusinessHours(self.spec, absences)

    def open_time(self, first: int, last: int) -> OpenTime:
        """Open time of all years from `first` until the year after `last` (microseconds)."""
        first_year, last_year = from_microseconds(first).year - 1, from_microseconds(last).year + 1
        known = self._known
        if known is not None:
            if known.first_year <= first_year and last_year <= known.last_year:
                return known
            first_year, last_year = min(first_year, known.first_year), max(last_year, known.last_year)
        intervals = [
            interval for year in range(first_year, last_year + 1) for interval in _open_intervals(self.spec, year)
        ]
        self._known = OpenTime.of(first_year, last_year, _without(intervals, self.absences))
        return self._known


@lru_cache(maxsize=1024)
def _open_intervals(spec: CalendarSpec, year: int) -> tuple[Interval, ...]:
    """The open stretches of one calendar in one UTC year."""
    year_start, year_end = _year_start(year), _year_start(year + 1)
    eras = _offsets(spec.zone, year)
    found = []
    first_day = (date(year, 1, 1) - _FIRST_DAY).days
    for day in range(first_day - 2, (date(year + 1, 1, 1) - _FIRST_DAY).days + 2):
        when = _FIRST_DAY + timedelta(days=day)
        for opens, closes in spec.windows_on(when):
            for since, until, offset in eras:
                start = max(day * DAY + opens - offset, since, year_start)
                end = min(day * DAY + closes - offset, until, year_end)
                if start < end:
                    found.append((start, end))
    return _merged(found)


@lru_cache(maxsize=1024)
def _offsets(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The stretches of one UTC year (a little over) in which the zone keeps one offset: since, until, offset."""
    clock = ZoneInfo(zone)
    begin, end = _year_start(year) - 3 * DAY, _year_start(year + 1) + 3 * DAY

    def offset_at(moment: int) -> int:
        offset = from_microseconds(moment).astimezone(clock).utcoffset()
        return 0 if offset is None else offset // _MICROSECOND

    eras = []
    since, offset = begin, offset_at(begin)
    for moment in range(begin + DAY // 4, end + 1, DAY // 4):
        after = offset_at(moment)
        if after == offset:
            continue
        low, high = moment - DAY // 4, moment
        while high - low > 1_000_000:
            middle = (low + high) // 2_000_000 * 1_000_000
            low, high = (middle, high) if offset_at(middle) == offset else (low, middle)
        eras.append((since, high, offset))
        since, offset = high, after
    return (*eras, (since, end, offset))


def _year_start(year: int) -> int:
    return (date(year, 1, 1) - _FIRST_DAY).days * DAY


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sorted, without overlap; stretches that touch become one."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        elif start < end:
            result.append((start, end))
    return tuple(result)


def _without(intervals: Sequence[Interval], absences: Sequence[Interval]) -> list[Interval]:
    """`intervals` minus `absences`; both sorted and without overlap."""
    result = []
    at = 0
    for interval_start, end in intervals:
        start = interval_start
        while at < len(absences) and absences[at][1] <= start:
            at += 1
        following = at
        while following < len(absences) and absences[following][0] < end:
            if start < absences[following][0]:
                result.append((start, absences[following][0]))
            start = max(start, absences[following][1])
            following += 1
        if start < end:
            result.append((start, end))
    return result
