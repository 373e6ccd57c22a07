"""Is a change real? Process-behaviour (XmR) limits and the signals against them.

Formulas and rules: D. J. Wheeler, Understanding Variation (1993); the natural limits are the mean plus and minus 2.66
times the mean moving range.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

FEWEST_POINTS = 6
LIMIT_FACTOR = 2.66
RUN_LENGTH = 8


class Signal(StrEnum):
    """Why a point is more than routine variation."""

    BEYOND_LIMIT = "beyond a limit"
    LONG_RUN = "8 in a row on one side of the mean"
    NEAR_LIMIT = "3 of 4 nearer to a limit than to the mean"


@dataclass(frozen=True)
class Xmr:
    """Mean and natural limits of a series; `signals` maps the index of a point to the first rule it breaks.

    `mean`, `lower` and `upper` are None when there are fewer than 6 points: too few to judge. `reach` is the distance
    from the mean to a natural limit before floor and ceiling cut it.
    """

    values: tuple[float, ...]
    mean: float | None
    lower: float | None
    upper: float | None
    signals: dict[int, Signal]
    reach: float = 0.0

    def against(self, values: Sequence[float]) -> "Xmr":
        """Other values judged by these limits, for example newer ones by the limits of a baseline."""
        points = tuple(float(value) for value in values)
        signals = {} if self.mean is None else _signals(points, self.mean, self.reach)
        return Xmr(points, self.mean, self.lower, self.upper, signals, self.reach)

    @property
    def is_judged(self) -> bool:
        return self.mean is not None

    @property
    def last_signal(self) -> Signal | None:
        """The signal of the newest point, None when it is routine."""
        return self.signals.get(len(self.values) - 1)

    @property
    def verdict(self) -> str:
        """One of: too few, routine, signal up, signal down. About the newest point."""
        if self.mean is None:
            return "too few"
        if self.last_signal is None:
            return "routine"
        return "signal up" if self.values[-1] > self.mean else "signal down"


def xmr(
    values: Sequence[float], floor: float | None = None, ceiling: float | None = None, baseline: int | None = None
) -> Xmr:
    """Limits from the first `baseline` values (all of them when None) and the signals of the whole series.

    `floor` and `ceiling` bound the limits for counts (0) and rates (0 and 100).
    """
    points = tuple(float(value) for value in values)
    base = points[:baseline] if baseline else points
    if len(base) < FEWEST_POINTS:
        return Xmr(points, None, None, None, {})
    mean = sum(base) / len(base)
    moving = [abs(after - before) for before, after in pairwise(base)]
    reach = LIMIT_FACTOR * sum(moving) / len(moving)
    lower, upper = mean - reach, mean + reach
    signals = _signals(points, mean, reach)
    if floor is not None:
        lower = max(floor, lower)
    if ceiling is not None:
        upper = min(ceiling, upper)
    return Xmr(points, mean, lower, upper, signals, reach)


def _signals(points: Sequence[float], mean: float, reach: float) -> dict[int, Signal]:
    found: dict[int, Signal] = {}
    run, side = 0, 0
    grain = 1e-9 * max(1.0, abs(mean))  # the mean of equal values is not always equal to them
    for at, value in enumerate(points):
        now = (value > mean + grain) - (value < mean - grain)
        run = run + 1 if now == side and now else abs(now)
        side = now
        if abs(value - mean) > reach + grain:
            found[at] = Signal.BEYOND_LIMIT
        elif run >= RUN_LENGTH:
            found[at] = Signal.LONG_RUN
        elif now and at >= 3 and _near(points[at - 3 : at + 1], mean, reach, now):
            found[at] = Signal.NEAR_LIMIT
    return found


def _near(four: Sequence[float], mean: float, reach: float, side: int) -> bool:
    """The newest of four points and two others lie in the outer half on one side."""
    outer = [(value - mean) * side > reach / 2 for value in four]
    return outer[-1] and sum(outer) >= 3
