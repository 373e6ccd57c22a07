"""What a rule can ask, as typed values: facts, signals, dates, and their combinations. Pure.

A condition about an unknown fact is false, so `not` about an unknown fact is true; ask `known` beside it if that
matters. Windows are calendar days in UTC: an act on the day `as_of − n` is still "within n days". Acts without a date
count only in conditions without a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Equals:
    """A text is this value (case does not matter), or a number is."""

    attribute: str
    value: str | int


@dataclass(frozen=True, slots=True)
class OneOf:
    attribute: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A number lies between both ends, which belong to it; an empty end is open."""

    attribute: str
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Mentions:
    """A text contains any of these words or phrases, as whole words."""

    attribute: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    attribute: str


@dataclass(frozen=True, slots=True)
class IsTrue:
    attribute: str


@dataclass(frozen=True, slots=True)
class DateAhead:
    """The date is today or at most `within_days` ahead."""

    attribute: str
    within_days: int


@dataclass(frozen=True, slots=True)
class DatePassed:
    """The date is before today, at most `within_days` ago if given."""

    attribute: str
    within_days: int | None


@dataclass(frozen=True, slots=True)
class SignalCount:
    """At least `at_least` acts of these kinds, each measuring at least `minimum_value` if given.

    `topics` empty means any topic.
    """

    kinds: tuple[str, ...]
    topics: tuple[str, ...] = ()
    at_least: int = 1
    within_days: int | None = None
    minimum_value: int | None = None


@dataclass(frozen=True, slots=True)
class DistinctCount:
    """At least `at_least` different kinds, topics or days among the acts of these kinds."""

    of: str
    kinds: tuple[str, ...]
    at_least: int
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


FactCondition = Equals | OneOf | Between | Mentions | Known | IsTrue
DateCondition = DateAhead | DatePassed
SignalCondition = SignalCount | DistinctCount
Condition = FactCondition | DateCondition | SignalCondition | AllOf | AnyOf | Not

DISTINCT = ("kinds", "topics", "days")


def leaves(condition: Condition) -> Iterator[FactCondition | DateCondition | SignalCondition]:
    """The questions of a condition from left to right, without their combinations."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def attributes_of(condition: Condition) -> set[str]:
    return {leaf.attribute for leaf in leaves(condition) if not isinstance(leaf, SignalCondition)}


def kinds_of(condition: Condition) -> set[str]:
    return {kind for leaf in leaves(condition) if isinstance(leaf, SignalCondition) for kind in leaf.kinds}
