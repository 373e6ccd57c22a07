"""Weeks in the organisation's time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.metrics import Week

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")]


@pytest.mark.parametrize("text", ["2026-W1", "2026W10", "2026-W54", "2026-W00", "2025-W53", "next", "", "2026-W10\n"])
def test_nonsense_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write the week like 2026-W47\.|has no week"):
        Week.parse(text, ZONES[0])


@pytest.mark.parametrize(
    ("text", "monday"),
    [("2026-W01", date(2025, 12, 29)), ("2026-W53", date(2026, 12, 28)), ("2021-W01", date(2021, 1, 4))],
)  # fmt: skip
def test_weeks_are_numbered_by_iso_8601(text: str, monday: date) -> None:
    week = Week.parse(text, ZONES[0])
    assert (week.monday, week.sunday, str(week)) == (monday, monday + timedelta(days=6), text)


@pytest.mark.parametrize(("text", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W20", 168)])
def test_a_week_follows_the_change_of_clocks(text: str, hours: int) -> None:
    week = Week.parse(text, ZoneInfo("Europe/Berlin"))
    assert week.end - week.start == timedelta(hours=hours)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_every_instant_lies_in_exactly_its_week(moment: datetime, zone: ZoneInfo) -> None:
    week = Week.of(moment, zone)
    assert week.start <= moment < week.end
    assert week.plus(1).start == week.end
    assert week.plus(-1).end == week.start
    assert Week.parse(week.name, zone) == week


def test_late_on_sunday_is_already_monday_further_east() -> None:
    late = datetime(2026, 3, 8, 20, 0, tzinfo=UTC)
    assert Week.of(late, ZoneInfo("UTC")).name == "2026-W10"
    assert Week.of(late, ZoneInfo("Asia/Kolkata")).name == "2026-W11"
