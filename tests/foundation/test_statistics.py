"""Honest small-number statistics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.foundation.statistics import change, difference_interval, is_too_few, mean, stands_out, wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # Newcombe (1998), score method without continuity correction
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_the_interval_agrees_with_published_values(hits: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(hits, n)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(
    ("hits", "n", "other_hits", "other_n", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),  # Newcombe (1998), Statistics in Medicine 17, 873-890, method 10
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_agrees_with_published_values(
    hits: int, n: int, other_hits: int, other_n: int, low: float, high: float
) -> None:
    interval = difference_interval(hits, n, other_hits, other_n)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert difference_interval(0, 0, 1, 2) is None


def test_nothing_observed_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(case: tuple[int, int]) -> None:
    hits, n = case
    interval = wilson_interval(hits, n)
    assert interval is not None
    assert 0 <= interval.low <= hits / n <= interval.high <= 1


@given(st.integers(1, 300), st.integers(1, 300))
def test_more_observations_never_widen_the_interval(n: int, more: int) -> None:
    few, many = wilson_interval(n, 2 * n), wilson_interval(n + more, 2 * (n + more))
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(("n", "few"), [(0, True), (19, True), (20, False), (1000, False)])
def test_twenty_are_enough_to_judge(n: int, few: bool) -> None:
    assert is_too_few(n) is few


@pytest.mark.parametrize(
    ("count", "expected", "out"),
    [(4, 0.0, False), (5, 0.0, True), (5, 1.0, True), (7, 2.0, True), (6, 2.0, False), (130, 100.0, False),
     (131, 100.0, True), (100, 100.0, False)],
)  # fmt: skip
def test_a_count_stands_out_beyond_three_deviations(count: int, expected: float, out: bool) -> None:
    assert stands_out(count, expected) is out


@pytest.mark.parametrize(("now", "before", "moved"), [(3.0, 1.0, 2.0), (None, 1.0, None), (3.0, None, None)])
def test_a_change_needs_both_values(now: float | None, before: float | None, moved: float | None) -> None:
    assert change(now, before) == moved


def test_a_mean_is_of_what_is_known() -> None:
    assert mean([1.0, None, 3.0]) == 2.0
    assert mean([None]) is None
    assert mean([]) is None
