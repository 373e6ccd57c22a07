"""Reading .ics files: whole days, times, recurring events, clock changes, and files that are none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sla.ics import IcsError, read_ics

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def file(*events: str) -> bytes:
    body = "\r\n".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{body}\r\nEND:VCALENDAR\r\n".encode()


def lines(*parts: str) -> str:
    return "\r\n".join(parts)


def read(*events: str):
    return read_ics(file(*events), zone=BERLIN, now=NOW)


def spans(found):
    return [(event.starts_at.astimezone(BERLIN).isoformat(), event.ends_at.astimezone(BERLIN).isoformat())
            for event in found.events]  # fmt: skip


def test_whole_days_are_those_of_the_persons_zone():
    found = read(lines("UID:a", "SUMMARY:Leave", "DTSTART;VALUE=DATE:20260706", "DTEND;VALUE=DATE:20260718"))
    assert spans(found) == [("2026-07-06T00:00:00+02:00", "2026-07-18T00:00:00+02:00")]
    assert (found.events[0].name, found.events[0].is_all_day) == ("Leave", True)


def test_one_day_needs_no_end():
    assert spans(read(lines("UID:a", "DTSTART;VALUE=DATE:20260706"))) == [
        ("2026-07-06T00:00:00+02:00", "2026-07-07T00:00:00+02:00")
    ]


def test_times_keep_their_zone_and_those_without_are_local():
    found = read(
        lines("UID:a", "DTSTART:20260706T080000Z", "DTEND:20260706T100000Z"),
        lines("UID:b", "DTSTART:20260707T090000", "DURATION:PT90M"),
    )
    assert spans(found) == [
        ("2026-07-06T10:00:00+02:00", "2026-07-06T12:00:00+02:00"),
        ("2026-07-07T09:00:00+02:00", "2026-07-07T10:30:00+02:00"),
    ]


def test_a_recurring_afternoon_stays_at_its_hour_when_the_clocks_change():
    found = read(
        lines("UID:a", "DTSTART:20260320T140000", "DTEND:20260320T180000", "RRULE:FREQ=WEEKLY;COUNT=3",
              "EXDATE:20260327T140000")
    )  # fmt: skip
    assert spans(found) == [
        ("2026-03-20T14:00:00+01:00", "2026-03-20T18:00:00+01:00"),
        ("2026-04-03T14:00:00+02:00", "2026-04-03T18:00:00+02:00"),
    ]


def test_an_endless_rule_is_spread_out_until_the_horizon_and_until_is_kept():
    endless = read(lines("UID:a", "DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=MONTHLY"))
    assert len(endless.events) == 18  # from now on, for a year and a half
    until = read(lines("UID:a", "DTSTART:20260306T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260308T080000Z"))
    assert len(until.events) == 3


def test_each_occurrence_has_a_key_that_stays_the_same():
    event = lines("UID:a", "DTSTART;VALUE=DATE:20260706", "RRULE:FREQ=WEEKLY;COUNT=2")
    keys = [one.key for one in read(event).events]
    assert keys == [one.key for one in read(event).events]
    assert len(set(keys)) == 2


def test_past_cancelled_and_free_events_are_left_out():
    found = read(
        lines("UID:a", "DTSTART;VALUE=DATE:20250706"),
        lines("UID:b", "DTSTART;VALUE=DATE:20260706", "STATUS:CANCELLED"),
        lines("UID:c", "DTSTART;VALUE=DATE:20260706", "TRANSP:TRANSPARENT"),
    )
    assert (found.events, found.problems) == ([], [])


def test_an_event_that_cannot_be_read_is_named_and_the_others_are_taken():
    found = read(lines("UID:a", "SUMMARY:Broken"), lines("UID:b", "DTSTART;VALUE=DATE:20260706"),
                 lines("UID:c", "SUMMARY:Backwards", "DTSTART:20260706T080000Z", "DTEND:20260706T070000Z"))  # fmt: skip
    assert len(found.events) == 1
    assert found.problems == [
        "“Broken” has no dates that can be read.",
        "“Backwards” has no dates that can be read.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an .ics file|holds no calendar"),
        (b"name,first,last\nAnna,1,2\n", "not an .ics file"),
        (b"\x00\xff\xfe\x89PNG", "not an .ics file"),
        (b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Anna\r\nEND:VCARD\r\n", "not an .ics file|holds no calendar"),
        (b"x" * 1_000_001, "larger than 1 MB"),
        (file(lines("UID:a", "DTSTART:20260706T080000Z", "DURATION:PT1M", "RRULE:FREQ=SECONDLY")), "more than 500"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(content, words):
    with pytest.raises(IcsError, match=words):
        read_ics(content, zone=BERLIN, now=NOW)
