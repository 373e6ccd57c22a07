"""A log of queued and started cases against a promise, over a night in which the clocks change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sla.calendars import write_calendar
from sla.queue_log import Case, LogError, Problem, judge_log, read_log, read_office_hours, read_promise
from sla.starter import NINE_TO_FIVE

HOUR = timedelta(hours=1)
LOG = """\
case,queued_at,started_at
A1,2026-10-25T01:30:00+02:00,2026-10-25T02:15:00+02:00
A2,2026-10-25T02:50:00+02:00,2026-10-25T02:10:00+01:00
A3,2026-10-25T02:50:00+02:00,2026-10-25T02:55:00+01:00
A4,2026-10-25T03:00:00+01:00,2026-10-25T04:00:00+01:00
A5,2026-10-25T03:00:00+01:00,2026-10-25T04:00:01+01:00
A6,2026-10-25T03:30:00+01:00,
A7,2026-10-25T05:30:00+01:00,
"""
"""Berlin on the night of 25 October 2026, when two o'clock came twice: A2 waited 20 minutes, A3 65."""


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "queue.csv"
    path.write_text(LOG, encoding="utf-8")
    return str(path)


def replay(*arguments: str) -> dict:
    said = StringIO()
    call_command("clock_replay", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


def test_a_night_in_which_the_clocks_change_is_judged_by_the_offsets(log: str) -> None:
    said = replay(log, "--promise", "60m", "--calendar", "24x7")
    assert (said["kept"], said["breached"], said["unanswered"], said["still_in_time"]) == (3, 3, 2, 1)
    assert (said["n"], said["cases"], said["kept_share"], said["bad_rows"]) == (6, 7, 0.5, 0)
    assert (said["median_seconds"], said["p90_seconds"]) == (3600, 3900)
    assert (said["median_minutes"], said["p90_minutes"]) == (60, 65)
    assert said["as_of"] == "2026-10-25T04:30:00+00:00"
    assert (said["promise_seconds"], said["calendar"]) == (3600, "24x7")


def test_who_was_never_begun_is_judged_as_of_the_time_given(log: str) -> None:
    said = replay(log, "--promise", "1h", "--as-of", "2026-10-25T06:31:00+01:00")
    assert (said["kept"], said["breached"], said["still_in_time"]) == (3, 4, 0)


def test_office_hours_count_working_time(tmp_path: Path) -> None:
    path = tmp_path / "queue.csv"
    path.write_text(
        "case,note,queued_at,started_at\n"
        "1,x,2026-03-27T16:30:00+01:00,2026-03-30T09:30:00+02:00\n"  # Friday 16:30 to Monday 9:30, summer time between
        "2,x,2026-03-27T16:30:00+01:00,2026-03-30T09:31:00+02:00\n",
        encoding="utf-8-sig",
    )
    said = replay(str(path), "--promise", "60m", "--calendar", "mon-fri 9-17 Europe/Berlin")
    assert (said["kept"], said["breached"], said["median_seconds"]) == (1, 1, 3600)


@pytest.mark.django_db
def test_a_calendar_of_the_portal_is_found_by_its_name(log: str, now: datetime) -> None:
    write_calendar("Berlin", zone="Europe/Berlin", week=NINE_TO_FIVE, now=now)
    assert replay(log, "--promise", "60m", "--calendar", "berlin")["kept"] == 5  # Sunday: no working time has passed
    with pytest.raises(CommandError, match="There is no calendar “Paris”"):
        replay(log, "--promise", "60m", "--calendar", "Paris")


def test_bad_rows_are_named_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "queue.csv"
    path.write_text(
        "case,queued_at,started_at\n"
        "1,yesterday,2026-10-25T04:00:00+01:00\n"
        "2,2026-10-25T03:00:00,\n"
        "\n"
        "3,2026-10-25T03:00:00Z,2026-10-25T02:00:00Z\n"
        "4,,\n"
        "5,2026-10-25T03:00:00Z,2026-10-25T03:10:00Z\n",
        encoding="utf-8",
    )
    said = replay(str(path), "--promise", "60m")
    assert (said["kept"], said["breached"], said["bad_rows"]) == (1, 0, 4)
    assert [(one["line"], one["reason"].split(".")[0]) for one in said["problems"]] == [
        (2, "queued_at “yesterday” is not a time"),
        (3, "queued_at “2026-10-25T03:00:00” has no offset from UTC"),
        (5, "started_at lies before queued_at"),
        (6, "queued_at is empty"),
    ]


def test_people_read_it_in_words(log: str) -> None:
    said, complained = StringIO(), StringIO()
    call_command("clock_replay", log, "--promise", "60m", stdout=said, stderr=complained)
    assert "3 kept, 3 breached (50.0% kept)." in said.getvalue()
    assert "2 were never begun: 1 of them breached." in said.getvalue()
    assert complained.getvalue() == ""


@pytest.mark.parametrize(
    ("content", "promise", "words"),
    [
        (b"case,queued\n", "60m", "missing: queued_at, started_at"),
        (b"", "60m", "missing: case, queued_at, started_at"),
        (b"\xff\xfe\x00", "60m", "not UTF-8"),
        (LOG.encode(), "soon", "not a promise"),
        (LOG.encode(), "0m", "not a promise"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(tmp_path: Path, content: bytes, promise: str, words: str) -> None:
    path = tmp_path / "queue.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        call_command("clock_replay", str(path), "--promise", promise, stdout=StringIO())


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("clock_replay", str(tmp_path / "none.csv"), "--promise", "60m")


def test_nothing_to_judge_is_an_answer() -> None:
    verdicts = judge_log(read_log(["case,queued_at,started_at"]), HOUR, None)
    assert (verdicts.n, verdicts.wait_at(0.5), verdicts.as_dict()["kept_share"]) == (0, None, None)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_shares_are_by_nearest_rank(share: float) -> None:
    start = datetime(2026, 3, 4, tzinfo=UTC)
    cases = [Case(number, str(number), start, start + timedelta(minutes=number)) for number in range(1, 11)]
    assert judge_log(cases, HOUR, None).wait_at(share) == timedelta(minutes=share * 10)


@pytest.mark.parametrize(
    ("text", "is_open"), [("mon-fri 9-17 Europe/Berlin", 40), ("fri-mon 22:30-6:00 UTC", 30), ("sun-sun 0-24 UTC", 24)]
)
def test_office_hours_are_read_from_words(text: str, is_open: int) -> None:
    hours = read_office_hours(text)
    assert hours is not None
    start = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday in winter
    cases = [Case(1, "a", start, start + timedelta(days=7))]
    assert judge_log(cases, HOUR, hours).waits == [timedelta(hours=is_open)]


@pytest.mark.parametrize("text", ["mon-fri 9-17 Mars/Base", "mo1-fri 9-17 UTC", "mon-fri 25-26 UTC"])
def test_office_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(LogError):
        read_office_hours(text)


def test_other_words_are_no_office_hours() -> None:
    assert read_office_hours("Sales Berlin") is None
    assert read_promise("1.5h") == timedelta(minutes=90)
    assert isinstance(next(read_log(["case,queued_at,started_at", "1,x,"])), Problem)


def test_a_calendar_that_never_opens_cannot_judge() -> None:
    hours = read_office_hours("mon-mon 9-10 UTC")
    assert hours is not None
    start = datetime(2026, 3, 4, tzinfo=UTC)
    with pytest.raises(LogError, match="does not open long enough"):
        judge_log([Case(1, "a", start, None)], timedelta(days=900), hours)
