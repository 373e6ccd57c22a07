"""The limits and signals of process-behaviour charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.foundation.pages.charts.xmr import Signal, xmr


def test_limits_are_the_mean_and_2_66_mean_moving_ranges() -> None:
    judged = xmr([10, 12, 11, 13, 9, 11])
    assert judged.mean == 11
    assert judged.upper == pytest.approx(11 + 2.66 * 11 / 5)
    assert judged.lower == pytest.approx(11 - 2.66 * 11 / 5)
    assert judged.verdict == "routine"


def test_five_points_are_too_few_to_judge() -> None:
    judged = xmr([1, 2, 3, 4, 50])
    assert (judged.mean, judged.signals, judged.verdict, judged.is_judged) == (None, {}, "too few", False)


@pytest.mark.parametrize(("last", "verdict"), [(30, "signal up"), (-10, "signal down"), (11, "routine")])
def test_a_point_beyond_a_limit_of_the_baseline_is_a_signal(last: float, verdict: str) -> None:
    judged = xmr([10, 12, 11, 13, 9, 11, last], baseline=6)
    assert judged.verdict == verdict
    assert (judged.last_signal is Signal.BEYOND_LIMIT) == (verdict != "routine")


def test_the_eighth_point_in_a_row_on_one_side_is_a_signal() -> None:
    judged = xmr([10, 12, 8, 12, 8, 10, *[10.5] * 8], baseline=6)
    assert judged.signals == {13: Signal.LONG_RUN}


def test_three_of_four_nearer_to_the_limit_than_to_the_mean_are_a_signal() -> None:
    base = [10, 12, 8, 12, 8, 10]
    reach = xmr(base).upper - 10
    judged = xmr([*base, 10 + 0.7 * reach, 9, 10 + 0.7 * reach, 10 + 0.8 * reach], baseline=6)
    assert judged.signals == {9: Signal.NEAR_LIMIT}


def test_limits_of_a_count_do_not_fall_below_zero_and_of_a_share_not_above_a_hundred() -> None:
    assert xmr([0, 4, 0, 5, 0, 6], floor=0).lower == 0
    assert xmr([100, 96, 100, 95, 100, 94], ceiling=100).upper == 100


@given(st.floats(-1e6, 1e6), st.integers(6, 60))
def test_equal_values_never_signal(value: float, count: int) -> None:
    assert xmr([value] * count).signals == {}


@given(st.lists(st.integers(-1000, 1000), min_size=6, max_size=60))
def test_a_signal_beyond_a_limit_is_exactly_a_point_outside(values: list[int]) -> None:
    judged = xmr(values)
    grain = 1e-6
    for at, signal in judged.signals.items():
        if signal is Signal.BEYOND_LIMIT:
            assert values[at] > judged.upper - grain or values[at] < judged.lower + grain
