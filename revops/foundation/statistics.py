"""Honest small-number statistics: shares with intervals, quantiles, and the words "too few to say". Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_TO_JUDGE = 20
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval of a share, both ends in 0..1."""

    low: float
    high: float


def wilson_interval(hits: int, n: int) -> Interval | None:
    """Where the true share lies with 95 % confidence; None without observations. Wilson (1927), score interval."""
    if n <= 0:
        return None
    share, square = hits / n, Z_95**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    reach = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return Interval(max(0.0, centre - reach) if hits else 0.0, min(1.0, centre + reach) if hits < n else 1.0)


def difference_interval(hits: int, n: int, other_hits: int, other_n: int) -> Interval | None:
    """Where the true difference of two shares lies with 95 % confidence (the first minus the other), in -1..1.

    None without observations on one side. Newcombe (1998), method 10: from the two score intervals.
    """
    first, other = wilson_interval(hits, n), wilson_interval(other_hits, other_n)
    if first is None or other is None:
        return None
    share, other_share = hits / n, other_hits / other_n
    down = math.hypot(share - first.low, other.high - other_share)
    up = math.hypot(first.high - share, other_share - other.low)
    return Interval(max(-1.0, share - other_share - down), min(1.0, share - other_share + up))


def is_too_few(n: int) -> bool:
    """Whether `n` observations are too few to judge a rate."""
    return n < FEWEST_TO_JUDGE


def stands_out(count: int, expected: float) -> bool:
    """Whether a count is more than chance makes of what its row and column let expect.

    Three standard deviations of a Poisson count (square root of the expectation), and at least five.
    """
    return count >= 5 and count > expected + 3 * math.sqrt(expected)


def change(now: float | None, before: float | None) -> float | None:
    """Difference of two values; None if either is unknown."""
    return None if now is None or before is None else now - before


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the known values; None if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
