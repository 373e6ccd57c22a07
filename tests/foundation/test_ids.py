"""Identifiers: in the order of time, unique, and strict about their text."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.foundation import ids

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def test_a_hundred_thousand_ids_are_unique_and_rise():
    made = [ids.new_id() for _number in range(1000)] + ids.new_ids(99_000) + [ids.new_id() for _number in range(1000)]
    assert made == sorted(set(made))


def test_an_id_is_a_valid_uuid_of_version_seven():
    made = ids.new_id()
    assert (made.version, made.variant) == (7, RFC_4122)


def test_an_id_of_a_given_time_carries_it_to_the_millisecond():
    at = NOW + timedelta(microseconds=123_456)
    assert ids.instant_of(ids.new_id(at)) == NOW + timedelta(milliseconds=123)


def test_ids_of_the_same_given_time_rise():
    made = [ids.new_id(NOW) for _number in range(500)]
    assert made == sorted(set(made))


def test_an_id_of_long_ago_does_not_disturb_those_of_today():
    before = ids.new_id()
    old = ids.new_id(datetime(2020, 1, 1, tzinfo=UTC))
    assert old < before < ids.new_id()


def test_a_clock_that_steps_back_does_not_make_ids_fall():
    sequence = ids._Sequence(follows_clock=True)
    first = sequence.take(1_000_000, 1)[0]
    assert sequence.take(999_000, 1)[0] > first


@given(st.uuids())
def test_text_and_id_round_trip(identifier: UUID):
    text = ids.encode("lead", identifier)
    assert len(text) == len("lead_") + 26
    assert ids.decode("lead", text) == identifier


@given(st.lists(st.uuids(), min_size=2, max_size=5))
def test_texts_sort_like_ids(identifiers: list[UUID]):
    texts = [ids.encode("lead", identifier) for identifier in sorted(identifiers)]
    assert texts == sorted(texts)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with “lead_”"),
        ("lead", "starts with “lead_”"),
        ("key_00000000000000000000000000", "this one starts with “key_”"),
        ("lead_123", "26 characters"),
        ("lead_0000000000000000000000000I", "only digits and lowercase letters"),
        ("lead_0000000000000000000000000u", "only digits and lowercase letters"),
        ("lead_80000000000000000000000000", "first character"),
        ("lead_0000000000000000000000000\n", "only digits"),
    ],
)
def test_a_text_that_is_no_id_is_refused_in_words(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        ids.decode("lead", text)


@given(st.text(max_size=60))
def test_any_text_either_decodes_to_its_only_form_or_raises_value_error(text: str):
    with suppress(ValueError):
        assert ids.encode("lead", ids.decode("lead", text)) == text
