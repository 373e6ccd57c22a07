"""The pure rules of the desk: what to say, what to do next, when a snoozed lead returns, what a card was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from revops.portal.queue.next_step import LADDER, Reach, Tried, next_attempt_at, next_step
from revops.portal.queue.snoozing import business_day, snooze_options
from revops.portal.queue.talk_track import TalkFacts, talk_track
from revops.portal.queue.tokens import read_card, sign_card
from tests.conftest import NOW

BERLIN = ZoneInfo("Europe/Berlin")
ANYWHERE = Reach(has_phone=True, has_email=True, do_not_contact=False)


def test_the_opener_names_what_they_did_and_what_they_wrote() -> None:
    facts = TalkFacts(
        "Mara", "Acme", "Rita", "Requested a demo", 1, "lead-routing", "We lose leads every week.", seniority="vp"
    )
    track = talk_track(facts)
    assert track.opener == (
        "Hello Mara, this is Rita. You requested a demo yesterday, about lead routing. "
        "You wrote: “We lose leads every week”. Is that still the question, or has it moved on?"
    )
    assert len(track.questions) == 2
    assert "watches" in track.questions[0]
    assert track.opener in track.text


def test_the_opener_invents_nothing() -> None:
    assert talk_track(TalkFacts()).opener == "Hello. Is that still the question, or has it moved on?"
    assert "…" in talk_track(TalkFacts(need="word " * 60)).opener
    assert talk_track(TalkFacts(need="How much?")).opener.count("?”") == 1


@pytest.mark.parametrize(
    ("stage", "tries", "reach", "words", "channel"),
    [
        ("handed_off", 0, ANYWHERE, "Call", "call"),
        ("accepted", 1, ANYWHERE, "Write an e-mail", "email"),
        ("accepted", 3, ANYWHERE, "Send a message", "message"),
        ("accepted", 0, Reach(False, True, False), "Write an e-mail", "email"),
        ("accepted", 1, Reach(True, False, False), "Call", "call"),
        ("accepted", 0, Reach(False, False, False), "No phone and no e-mail", ""),
        ("accepted", 0, Reach(True, True, True), "Do not contact", ""),
        ("accepted", 6, ANYWHERE, "Six attempts are made", ""),
        ("nurture", 0, ANYWHERE, "marketing looks after it", ""),
        ("won", 0, ANYWHERE, "nothing is open", ""),
    ],
)
def test_the_next_step(stage: str, tries: int, reach: Reach, words: str, channel: str) -> None:
    tried = [Tried(LADDER[number], "no_answer", NOW) for number in range(tries)]
    step = next_step(stage, tried, reach, NOW + timedelta(hours=4), UTC)
    assert words in step.words
    assert (step.channel, step.attempt) == (channel, tries + 1)


def test_after_a_conversation_the_step_is_a_meeting() -> None:
    assert "meeting" in next_step("accepted", [Tried("call", "conversation", NOW)], ANYWHERE, None, UTC).words


def test_attempts_are_due_by_the_clock_and_then_after_working_days() -> None:
    due = NOW + timedelta(hours=4)
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    assert next_attempt_at([], due, BERLIN) == due
    assert next_attempt_at([Tried("call", "no_answer", friday)], due, BERLIN) == datetime(2026, 3, 9, 17, tzinfo=BERLIN)
    assert next_attempt_at([Tried("call", "no_answer", friday)] * 6, due, BERLIN) is None


def test_snoozing_offers_five_instants_and_says_which_pass_the_deadline() -> None:
    options = snooze_options(NOW, BERLIN, NOW + timedelta(days=1))
    assert [option.key for option in options] == [1, 2, 3, 4, 5]
    assert [f"{option.until:%a %d %b %H:%M}" for option in options] == [
        "Wed 04 Mar 13:00", "Thu 05 Mar 09:00", "Thu 05 Mar 09:00", "Mon 09 Mar 09:00", "Wed 01 Apr 09:00",
    ]  # fmt: skip
    assert [option.needs_reason for option in options] == [False, False, False, True, True]
    assert all(option.until > NOW for option in options)


@pytest.mark.parametrize("hour", range(24))
def test_later_today_is_always_still_to_come(hour: int) -> None:
    now = datetime(2026, 12, 31, hour, 59, tzinfo=UTC)
    assert all(option.until > now for option in snooze_options(now, BERLIN, None))


def test_a_business_day_is_never_a_weekend() -> None:
    saturday = datetime(2026, 3, 7, tzinfo=UTC).date()
    assert [business_day(saturday + timedelta(days=days)).weekday() for days in range(4)] == [0, 0, 0, 1]


def test_a_signed_card_is_read_only_by_whom_it_was_shown_to() -> None:
    user, lead = SimpleNamespace(pk=uuid4()), uuid4()
    token = sign_card(user, lead, 3, NOW)
    shown = read_card(token, user)
    assert shown is not None
    assert (shown.lead_id, shown.version, shown.at) == (lead, 3, NOW)
    assert shown.decision_ms(NOW + timedelta(seconds=7)) == 7000
    assert shown.decision_ms(NOW + timedelta(hours=2)) is None
    assert read_card(token, SimpleNamespace(pk=uuid4())) is None
    assert read_card(token[:-1], user) is None
