"""When one condition cannot hold without another, or cannot hold at all: for lint. Pure, and silent when in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from scoring.rules.conditions import (
    AllOf,
    AnyOf,
    Between,
    Condition,
    Equals,
    Known,
    LastAct,
    Mentions,
    NoneOf,
    Not,
    NotEquals,
    OneOf,
    SignalCount,
)

_WITH_VALUE = Equals | OneOf | Between | Mentions | NotEquals | NoneOf
"""These hold only where the fact is known."""


def implies(strict: Condition, loose: Condition) -> bool:
    """Whether `loose` holds wherever `strict` does. False if that cannot be told."""
    if strict == loose:
        return True
    match strict, loose:
        case AnyOf(parts), _:
            return all(implies(part, loose) for part in parts)
        case _, AllOf(parts):
            return all(implies(strict, part) for part in parts)
        case AllOf(parts), _:
            return any(implies(part, loose) for part in parts)
        case _, AnyOf(parts):
            return any(implies(strict, part) for part in parts)
        case Not(part), Not(other):
            return implies(other, part)
    return _question_implies(strict, loose)


def _question_implies(strict: Condition, loose: Condition) -> bool:
    match strict, loose:
        case SignalCount() | LastAct(), SignalCount():
            return _count_implies(_as_count(strict), loose)
        case SignalCount(), LastAct():
            return _count_implies(strict, _as_count(loose))
        case Equals(name, str() as value), OneOf(other, values):
            return name == other and value in values
        case OneOf(name, values), OneOf(other, wider):
            return name == other and set(values) <= set(wider)
        case Equals(name, int() as value), Between(other, low, high):
            return name == other and _inside(value, value, low, high)
        case Between(name, least, most), Between(other, low, high):
            return name == other and _inside(least, most, low, high)
        case Mentions(name, words), Mentions(other, wider):
            return name == other and set(words) <= set(wider)
    if isinstance(strict, _WITH_VALUE) and isinstance(loose, Known):
        return strict.attribute == loose.attribute
    return False


def _as_count(act: SignalCount | LastAct) -> SignalCount:
    return act if isinstance(act, SignalCount) else SignalCount(act.kinds, act.topics, 1, act.within_days, None, act.by)


def _count_implies(strict: SignalCount, loose: SignalCount) -> bool:
    return (
        set(strict.kinds) <= set(loose.kinds)
        and (not loose.topics or (bool(strict.topics) and set(strict.topics) <= set(loose.topics)))
        and strict.at_least >= loose.at_least
        and (loose.within_days is None or (strict.within_days is not None and strict.within_days <= loose.within_days))
        and (loose.minimum_value is None or (strict.minimum_value or -1) >= loose.minimum_value)
        and loose.by in (strict.by, "account")
    )


def _inside(least: int | None, most: int | None, low: int | None, high: int | None) -> bool:
    above = low is None or (least is not None and least >= low)
    below = high is None or (most is not None and most <= high)
    return above and below


def is_impossible(condition: Condition) -> bool:
    """Whether it can hold for no lead at all. False if that cannot be told."""
    match condition:
        case AnyOf(parts):
            return all(map(is_impossible, parts))
        case AllOf(parts):
            flat = list(_flattened(parts))
            return any(map(is_impossible, flat)) or any(_exclude(one, other) for one, other in combinations(flat, 2))
    return False


def _flattened(parts: Iterable[Condition]) -> Iterable[Condition]:
    for part in parts:
        if isinstance(part, AllOf):
            yield from _flattened(part.parts)
        else:
            yield part


def _exclude(one: Condition, other: Condition) -> bool:
    """Whether two conditions never hold together."""
    return any(
        (isinstance(first, Not) and implies(second, first.part)) or _values_exclude(first, second)
        for first, second in ((one, other), (other, one))
    )


def _values_exclude(first: Condition, second: Condition) -> bool:
    match first, second:
        case Equals(name, value), Equals(fact, wanted):
            return name == fact and value != wanted
        case Equals(name, str() as value), OneOf(fact, values):
            return name == fact and value not in values
        case Equals(name, value), NotEquals(fact, unwanted):
            return name == fact and value == unwanted
        case Equals(name, int() as value), Between(fact, low, high):
            return name == fact and not _inside(value, value, low, high)
        case OneOf(name, values), OneOf(fact, others):
            return name == fact and not set(values) & set(others)
        case OneOf(name, values), NoneOf(fact, unwanted):
            return name == fact and set(values) <= set(unwanted)
        case Between(name, int() as low, _high), Between(fact, _low, int() as high):
            return name == fact and low > high
    return False
