"""Business time against a brute-force oracle that asks the wall clock minute by minute."""

import os
from datetime import UTC, date, datetime, timedelta
from functools import cache
from time import perf_counter
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.business_time import (
    BusinessHours,
    NoBusinessHours,
    due_at,
    due_many,
    due_moments,
    elapsed,
    is_open,
    next_open,
    to_microseconds,
    working_days_after,
    working_days_before,
)
from sla.calendar_spec import WEEKDAYS, CalendarError, CalendarSpec
from sla.wall_clock import WallClock

NINE_TO_FIVE = {"week": {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = """
UTC Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Johannesburg Africa/Lagos Africa/Nairobi America/Adak
America/Anchorage America/Argentina/Buenos_Aires America/Asuncion America/Bogota America/Caracas America/Chicago
America/Denver America/Halifax America/Havana America/Lima America/Los_Angeles America/Mexico_City America/Montevideo
America/New_York America/Noronha America/Nuuk America/Phoenix America/Santiago America/Sao_Paulo America/St_Johns
Antarctica/Troll Asia/Amman Asia/Beirut Asia/Dhaka Asia/Dubai Asia/Gaza Asia/Hong_Kong Asia/Jerusalem Asia/Karachi
Asia/Kathmandu Asia/Kolkata Asia/Pyongyang Asia/Singapore Asia/Tehran Asia/Tokyo Asia/Vladivostok Asia/Yangon
Atlantic/Azores Australia/Adelaide Australia/Eucla Australia/Lord_Howe Australia/Sydney Europe/Berlin Europe/Dublin
Europe/Istanbul Europe/London Europe/Moscow Pacific/Apia Pacific/Auckland Pacific/Chatham Pacific/Fiji
Pacific/Kiritimati Pacific/Norfolk
""".split()  # noqa: SIM905 - a list of sixty lines says no more
"""Sixty zones and one: every kind of daylight saving time, and half and quarter hours."""
EXAMPLES = int(os.environ.get("CLOCK_EXAMPLES", "200"))
"""For each property; CLOCK_EXAMPLES=20000 is the whole of it."""
INTERESTING_DAYS = [
    date(2025, 3, 30),  # Europe springs forward
    date(2025, 10, 26),  # Europe falls back
    date(2025, 3, 9),
    date(2025, 11, 2),  # America
    date(2025, 4, 6),
    date(2025, 10, 5),  # Lord Howe: half an hour
    date(2011, 12, 30),  # the day Samoa skipped
    date(2024, 2, 29),
    date(2025, 12, 31),
    date(2018, 11, 4),  # Brazil sprang forward at midnight
    date(2015, 8, 15),  # North Korea went back half an hour
    date(2022, 3, 13),
    date(2024, 4, 26),  # Egypt sprang forward at midnight
]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def hours_of(spec: dict, zone: str = "UTC", absences=()) -> BusinessHours:
    return BusinessHours(CalendarSpec.read(zone, spec), absences)


class Oracle:
    """Says of any minute whether it is open by reading the wall clock; counts by walking."""

    def __init__(self, spec: dict, zone: str, absences=()) -> None:
        self.spec, self.zone, self.absences = spec, ZoneInfo(zone), absences
        self.holidays = {date.fromisoformat(day) for day in spec.get("holidays", {})}
        self.shifts = cache(self._shifts)

    def is_open(self, at: datetime) -> bool:
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        today = wall.date()
        if not any(
            start <= wall < end for day in (today, today - timedelta(days=1)) for start, end in self.shifts(day)
        ):
            return False
        return not any(start <= at < end for start, end in self.absences)

    def due_at(self, start: datetime, promise: timedelta) -> datetime:
        at, left = start, promise
        while left > timedelta(0):
            left -= MINUTE if self.is_open(at) else timedelta(0)
            at += MINUTE
        return at

    def _shifts(self, day: date) -> list[tuple[datetime, datetime]]:
        """When the shifts that begin on a day begin and end, as the wall shows it."""
        own = self.spec.get("own", {}).get(day.isoformat())
        if day in self.holidays and own is None:
            return []
        midnight, found = datetime.combine(day, datetime.min.time()), []
        for opens, closes in own["windows"] if own else self.spec["week"].get(WEEKDAYS[day.weekday()], []):
            start, end = self._minutes(opens), self._minutes(closes)
            found.append((midnight + start * MINUTE, midnight + (end + 1440 if end <= start else end) * MINUTE))
        return found

    @staticmethod
    def _minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])


times = st.integers(0, 47).map(lambda half: f"{half // 2:02d}:{half % 2 * 30:02d}")
windows = st.lists(st.tuples(times, times).map(list), min_size=1, max_size=2)
weeks = st.dictionaries(st.sampled_from(WEEKDAYS), windows, min_size=2, max_size=7)


@st.composite
def cases(draw):
    zone, day = draw(st.sampled_from(ZONES)), draw(st.sampled_from(INTERESTING_DAYS))
    start = datetime.combine(day, datetime.min.time(), UTC) + draw(st.integers(-2880, 2880)) * MINUTE
    spec = {"week": draw(weeks), "holidays": {}}
    for offset in draw(st.sets(st.integers(-2, 4), max_size=2)):
        spec["holidays"][(day + timedelta(days=offset)).isoformat()] = "Off"
    if draw(st.booleans()):  # a half day, or one with a shift of its own
        own = (day + timedelta(days=draw(st.integers(-1, 3)))).isoformat()
        spec["own"] = {own: {"name": "Half day", "windows": draw(windows)}}
    absences = []
    if draw(st.booleans()):
        since = start + draw(st.integers(-600, 3000)) * MINUTE
        absences.append((since, since + draw(st.integers(1, 2000)) * MINUTE))
    return zone, spec, start, absences


@given(case=cases(), promise=st.integers(1, 900).map(lambda minutes: minutes * MINUTE))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_deadline_is_what_the_wall_clock_says(case, promise):
    zone, spec, start, absences = case
    hours = hours_of(spec, zone, absences)
    due = due_at(start, promise, hours)
    assert due == Oracle(spec, zone, absences).due_at(start, promise)
    assert elapsed(start, due, hours) == promise
    assert elapsed(due, start, hours) == -promise
    assert is_open(due - MINUTE, hours)
    assert due_many([start] * 20, promise, hours) == [due] * 20


@given(case=cases(), promise=st.integers(1, 54_000), second=st.integers(0, 59))
@settings(max_examples=EXAMPLES, deadline=None)
def test_both_ways_to_work_out_a_deadline_agree_to_the_second(case, promise, second):
    zone, spec, start, absences = case
    start, promise = start + timedelta(seconds=second), timedelta(seconds=promise)
    due = due_at(start, promise, hours_of(spec, zone, absences))
    assert due == WallClock(zone, spec).due_at(start, promise, absences)
    assert elapsed(start, due, hours_of(spec, zone, absences)) == promise
    assert is_open(due - timedelta(microseconds=1), hours_of(spec, zone, absences))


@given(case=cases(), promise=st.integers(1, 900), after=st.integers(0, 3000), still=st.integers(0, 6000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_pause_moves_the_deadline_by_the_open_time_it_covers(case, promise, after, still):
    zone, spec, start, absences = case
    hours, promise = hours_of(spec, zone, absences), promise * MINUTE
    paused, resumed = start + after * MINUTE, start + (after + still) * MINUTE
    due = due_at(start, promise, hours)
    moved = WallClock(zone, spec).due_at(start, promise, [*absences, (paused, resumed)])
    if due <= paused:
        assert moved == due
    else:
        assert moved == due_at(resumed, elapsed(paused, due, hours), hours)
        assert elapsed(due, moved, hours) == elapsed(paused, resumed, hours)


@given(case=cases(), minutes=st.integers(0, 4000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_time_that_passed_and_openness_are_what_the_wall_clock_says(case, minutes):
    zone, spec, start, absences = case
    hours, oracle = hours_of(spec, zone, absences), Oracle(spec, zone, absences)
    counted = sum(oracle.is_open(start + minute * MINUTE) for minute in range(minutes))
    assert elapsed(start, start + minutes * MINUTE, hours) == counted * MINUTE
    assert is_open(start, hours) == oracle.is_open(start)
    opening = next_open(start, hours)
    assert is_open(opening, hours)
    assert opening == start or elapsed(start, opening, hours) == timedelta(0)


@given(case=cases(), starts=st.lists(st.integers(0, 100_000), min_size=2, max_size=40), promise=st.integers(1, 90_000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_later_start_is_never_due_earlier_and_many_equal_one_by_one(case, starts, promise):
    zone, spec, first, absences = case
    hours = hours_of(spec, zone, absences)
    moments = [first + timedelta(seconds=second) for second in sorted(starts)]
    due = due_many(moments, timedelta(seconds=promise), hours)
    assert due == sorted(due)
    assert due == [due_at(moment, timedelta(seconds=promise), hours) for moment in moments]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (utc(2026, 3, 7, 15), utc(2026, 3, 9, 13)),  # Saturday afternoon
        (utc(2026, 3, 7, 8), utc(2026, 3, 9, 13)),  # Saturday morning
        (utc(2026, 3, 6, 18), utc(2026, 3, 9, 13)),  # Friday evening
        (utc(2026, 3, 6, 16), utc(2026, 3, 9, 12)),  # an hour of Friday is used
        (utc(2026, 3, 4, 13), utc(2026, 3, 4, 17)),  # until the office closes, not next morning
        (utc(2026, 3, 4, 10, 0, 0, 7), utc(2026, 3, 4, 14, 0, 0, 7)),  # to the microsecond
    ],
)
def test_four_hours_of_nine_to_five(received, due):
    assert due_at(received, 4 * HOUR, hours_of(NINE_TO_FIVE)) == due


def test_a_holiday_moves_the_deadline():
    spec = NINE_TO_FIVE | {"holidays": {"2026-03-09": "Bank holiday"}}
    assert due_at(utc(2026, 3, 7, 15), 4 * HOUR, hours_of(spec)) == utc(2026, 3, 10, 13)


def test_an_absence_moves_the_deadline():
    away = [(utc(2026, 3, 9), utc(2026, 3, 11))]
    assert due_at(utc(2026, 3, 7, 15), 4 * HOUR, hours_of(NINE_TO_FIVE, absences=away)) == utc(2026, 3, 11, 13)


def test_a_night_shift_that_repeats_an_hour_is_nine_hours_long():
    hours = hours_of({"week": {"sat": [["22:00", "06:00"]]}}, "Europe/Berlin")
    assert elapsed(utc(2025, 10, 25), utc(2025, 10, 27), hours) == 9 * HOUR
    assert elapsed(utc(2025, 3, 29), utc(2025, 3, 31), hours) == 7 * HOUR


def test_a_skipped_day_has_no_hours():
    hours = hours_of({"week": {"fri": [["00:00", "24:00"]]}}, "Pacific/Apia")
    assert elapsed(utc(2011, 12, 25), utc(2012, 1, 3), hours) == timedelta(0)


def test_the_clock_moves_by_half_an_hour_on_lord_howe():
    hours = hours_of({"week": {"sun": [["00:00", "24:00"]]}}, "Australia/Lord_Howe")
    assert elapsed(utc(2025, 4, 5), utc(2025, 4, 7), hours) == timedelta(hours=24.5)
    assert elapsed(utc(2025, 10, 4), utc(2025, 10, 6), hours) == timedelta(hours=23.5)


def test_a_long_promise_runs_over_years():
    hours = hours_of({"week": {"mon": [["09:00", "10:00"]]}})
    due = due_at(utc(2026, 1, 1), 300 * HOUR, hours)
    assert elapsed(utc(2026, 1, 1), due, hours) == 300 * HOUR
    assert due_many([utc(2026, 1, 1)] * 20, 300 * HOUR, hours) == [due] * 20


@pytest.mark.parametrize("spec", [{"week": {}}, {"week": {"mon": []}}, {}])
def test_a_calendar_that_never_opens_has_no_deadlines(spec):
    hours = hours_of(spec)
    with pytest.raises(NoBusinessHours):
        due_at(utc(2026, 1, 1), HOUR, hours)
    with pytest.raises(NoBusinessHours):
        due_many([utc(2026, 1, 1)] * 20, HOUR, hours)
    with pytest.raises(NoBusinessHours):
        next_open(utc(2026, 1, 1), hours)
    assert elapsed(utc(2026, 1, 1), utc(2026, 2, 1), hours) == timedelta(0)


def test_no_promise_is_due_at_once_and_none_has_no_answer():
    hours = hours_of(NINE_TO_FIVE)
    assert due_at(utc(2026, 3, 7), timedelta(0), hours) == utc(2026, 3, 7)
    assert due_many([], HOUR, hours) == []


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        due_at(datetime(2026, 3, 7), HOUR, hours_of(NINE_TO_FIVE))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("at", "days", "begin"),
    [
        (utc(2026, 3, 9), 2, utc(2026, 3, 5, 9)),  # leave from Monday: Thursday and Friday
        (utc(2026, 3, 11), 2, utc(2026, 3, 9, 9)),
        (utc(2026, 3, 11, 12), 1, utc(2026, 3, 11, 9)),  # a day that has begun counts
    ],
)
def test_working_days_before_a_leave_skip_the_weekend(at, days, begin):
    assert working_days_before(at, days, hours_of(NINE_TO_FIVE)) == begin


@pytest.mark.parametrize(
    ("at", "days", "end"),
    [
        (utc(2026, 3, 8, 23, 59), 5, utc(2026, 3, 13, 17)),  # Sunday night: the Friday that follows
        (utc(2026, 3, 4, 10), 1, utc(2026, 3, 5, 17)),  # a day that has begun does not count
        (utc(2026, 3, 6, 20), 2, utc(2026, 3, 10, 17)),
    ],
)
def test_working_days_after_an_instant_end_when_the_office_closes(at, days, end):
    assert working_days_after(at, days, hours_of(NINE_TO_FIVE)) == end


def test_working_days_that_never_come_have_no_end():
    with pytest.raises(NoBusinessHours):
        working_days_after(utc(2026, 3, 8), 1, hours_of({}))


def test_a_calendar_that_never_opens_is_never_due_by_the_slow_way_either():
    assert WallClock("UTC", {}).due_at(utc(2026, 3, 8), HOUR) is None


def test_without_working_days_there_is_nothing_to_go_back_to():
    assert working_days_before(utc(2026, 3, 9), 2, hours_of({})) == utc(2026, 3, 9)


@pytest.mark.parametrize(
    ("zone", "spec", "words"),
    [
        ("Mars/Base", {}, "time zone"),
        ("UTC", {"week": []}, "names its days"),
        ("UTC", {"week": {"monday": []}}, "not a day"),
        ("UTC", {"week": {"mon": [["09:00"]]}}, "start and an end"),
        ("UTC", {"week": {"mon": ["09:00"]}}, "start and an end"),
        ("UTC", {"week": {"mon": [["9", "17:00"]]}}, "not a time"),
        ("UTC", {"week": {"mon": [["09:00", "25:00"]]}}, "time of day"),
        ("UTC", {"week": {"mon": [["24:00", "10:00"]]}}, "before 24:00"),
        ("UTC", {"holidays": []}, "date and name"),
        ("UTC", {"holidays": {"Christmas": "x"}}, "not a date"),
    ],
)
def test_a_calendar_that_cannot_be_read_says_what_to_write(zone, spec, words):
    with pytest.raises(CalendarError, match=words):
        BusinessHours.read(zone, spec)


def test_two_hundred_thousand_deadlines_are_no_work(now):
    hours = hours_of(NINE_TO_FIVE, "Europe/Berlin")
    starts = to_microseconds(now) + np.arange(200_000, dtype=np.int64) * 60_000_000
    begin = perf_counter()
    due = due_moments(starts, 4 * 3_600_000_000, hours)
    assert perf_counter() - begin < 1
    assert (np.diff(due) >= 0).all()
    assert due[12_345] == to_microseconds(due_at(now + 12_345 * MINUTE, 4 * HOUR, hours))
