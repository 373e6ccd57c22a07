"""The ladder: what may stand on it, when a step is due, and who is told if somebody is away."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from sla.business_time import BusinessHours
from sla.ladder import STEPS, Action, LadderError, Receiver, Step, choose_receiver, read_steps, step_due_at, write_steps

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
OFFICE = BusinessHours.read("UTC", {"week": {d: [["09:00", "17:00"]] for d in ("mon", "tue", "wed", "thu", "fri")}})


@dataclass
class Clock:
    started_at: datetime = FRIDAY
    due_at: datetime = datetime(2026, 3, 9, 11, 0, tzinfo=UTC)
    promise: timedelta = 4 * HOUR
    paused_total: timedelta = timedelta()


def test_the_usual_steps_can_be_written_and_read_back():
    assert read_steps(write_steps(STEPS)) == STEPS
    assert read_steps([]) == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("remind", "a list of steps"),
        ([{"action": "remind"}], "an action and after how many percent"),
        ([{"action": "shout", "after": 5}], "“shout” is no step"),
        ([{"action": "remind", "after": 0}], "after 1 to 1000 percent"),
        ([{"action": "remind", "after": 5000}], "after 1 to 1000 percent"),
        ([{"action": "remind", "after": True}], "after 1 to 1000 percent"),
        ([{"action": "remind", "after": 5}, {"action": "remind", "after": 6}], "once"),
        ([{"action": "pool", "after": 5}, {"action": "remind", "after": 6}], "The steps go from"),
        ([{"action": "remind", "after": 50}, {"action": "backup", "after": 50}], "Give it a higher percentage"),
    ],
)
def test_a_ladder_that_cannot_be_is_refused_in_words(raw, words):
    with pytest.raises(LadderError, match=words):
        read_steps(raw)


@pytest.mark.parametrize(
    ("after", "at"),
    [(50, FRIDAY + 2 * HOUR), (75, datetime(2026, 3, 9, 10, 0, tzinfo=UTC)),
     (100, datetime(2026, 3, 9, 11, 0, tzinfo=UTC)), (150, datetime(2026, 3, 9, 13, 0, tzinfo=UTC)),
     (300, datetime(2026, 3, 10, 11, 0, tzinfo=UTC))],
)  # fmt: skip
def test_steps_are_due_in_business_time_over_a_weekend(after, at):
    assert step_due_at(Clock(), after, OFFICE) == at


def test_a_pause_moves_steps_and_plain_time_needs_no_calendar():
    paused = Clock(due_at=datetime(2026, 3, 9, 12, 0, tzinfo=UTC), paused_total=HOUR)
    assert step_due_at(paused, 50, OFFICE) == datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    plain = Clock(due_at=FRIDAY + 4 * HOUR)
    assert step_due_at(plain, 50, None) == FRIDAY + 2 * HOUR
    assert step_due_at(plain, 150, None) == FRIDAY + 6 * HOUR


def test_a_step_before_the_deadline_never_comes_after_it():
    assert step_due_at(Clock(due_at=FRIDAY + HOUR), 50, OFFICE) == FRIDAY + HOUR


def test_somebody_absent_is_passed_over_and_said_so():
    away, lost, there = (UUID(int=number) for number in (1, 2, 3))
    people = {
        away: Receiver(away, True, FRIDAY),
        lost: Receiver(lost, False, None),
        there: Receiver(there, False, FRIDAY),
    }
    chosen = choose_receiver([UUID(int=9), away, away, lost, there], people)
    assert chosen.receiver == people[there]
    assert chosen.passed_over == (away, lost)
    assert choose_receiver([away], people).receiver is None


def test_the_rungs_stand_in_the_order_of_the_agreement():
    assert [step.action for step in STEPS] == list(Action)
    assert [step.after for step in STEPS] == [50, 100, 150, 200]
    assert Step(Action.REMIND, 50) in STEPS
