"""What a clock says: every combination of its instants, and the same comparison in SQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from sla.business_time import BusinessHours
from sla.clock_state import LABELS, TONES, ClockState, counts_at, read_clock, state
from sla.models import Clock
from sla.starter import NINE_TO_FIVE

from .conftest import make_leads

HOUR = timedelta(hours=1)


@dataclass
class Times:
    due_at: datetime
    warn_at: datetime
    met_at: datetime | None = None
    cancelled_at: datetime | None = None
    paused_at: datetime | None = None


CASES = [
    ({}, 0, ClockState.RUNNING),
    ({}, 3, ClockState.DUE_SOON),
    ({}, 4, ClockState.DUE_SOON),
    ({}, 5, ClockState.BREACHED),
    ({"met_at": 4}, 9, ClockState.MET),
    ({"met_at": 5}, 9, ClockState.BREACHED),
    ({"cancelled_at": 4}, 9, ClockState.CANCELLED),
    ({"cancelled_at": 5}, 9, ClockState.BREACHED),
    ({"paused_at": 4}, 9, ClockState.PAUSED),
    ({"paused_at": 5}, 9, ClockState.BREACHED),
    ({"paused_at": 2, "met_at": 8}, 9, ClockState.MET),
    ({"paused_at": 2, "cancelled_at": 8}, 9, ClockState.CANCELLED),
]


def times(now: datetime, **hours: int) -> Times:
    return Times(now + 4 * HOUR, now + 3 * HOUR, **{name: now + hour * HOUR for name, hour in hours.items()})


@pytest.mark.parametrize(("changes", "hour", "expected"), CASES)
def test_the_state_is_read_from_the_instants(now, changes, hour, expected):
    assert state(times(now, **changes), now + hour * HOUR) == expected


def test_every_state_has_a_label_and_a_tone():
    assert set(LABELS) == set(TONES) == set(ClockState)


def test_time_left_is_business_time_and_below_zero_once_over(now):
    hours = BusinessHours.read("UTC", {"week": NINE_TO_FIVE})
    reading = read_clock(times(now), now + HOUR, hours)
    assert (reading.left, reading.label, reading.tone) == (3 * HOUR, "Running", "neutral")
    assert read_clock(times(now), now + 24 * HOUR, hours).left == -4 * HOUR
    assert read_clock(times(now), now + 24 * HOUR).left == -20 * HOUR
    assert read_clock(times(now, met_at=1), now + 24 * HOUR).left == 3 * HOUR


def test_only_a_persons_word_counts_from_when_it_was_written_down(now):
    assert [counts_at(now, now + HOUR, grade) for grade in "ABC"] == [now, now, now + HOUR]
    assert counts_at(now + HOUR, now, "A") == now


@pytest.mark.django_db
def test_the_database_and_the_rule_agree_on_what_is_late(agreement, now):
    clause = agreement.clauses.get(code="first_contact")
    expected = set()
    for changes, hour, _ in CASES:
        at = now + hour * HOUR
        clock = times(now, **changes)
        row = Clock.objects.create(
            clause=clause,
            lead=make_leads(1, now)[0],
            side="sales",
            started_at=now,
            met_by_kind="x" if clock.met_at else "",
            **vars(clock),
        )
        assert (row in Clock.objects.late(at)) == (state(row, at) == ClockState.BREACHED)
        if state(row, now + 9 * HOUR) == ClockState.BREACHED:
            expected.add(row.pk)
    assert set(Clock.objects.late(now + 9 * HOUR).values_list("pk", flat=True)) == expected
