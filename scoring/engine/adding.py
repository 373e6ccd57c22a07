"""Adds up points where nobody asks for reasons, so that what did not change need not be added again. Pure.

Cutting each rule's points to what its family and its axis still have room for comes, whatever the order, to the sum of
each family cut to its cap, and the sum of those cut to the cap of the axis; what takes away then stops at the floor.
So sums of rules are all that has to be known, and a sum with one other rule is the old one with the difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.engine.workspace import Workspace
from scoring.rules.conditions import ActQuestion, Condition
from scoring.rules.decay import FULL, decay_table, next_step_table
from scoring.rules.definition import AXES, Axis, Rule, RulebookDefinition

Sum = NDArray[np.int32]
Totals = Mapping[Axis, Sum]
Tables = tuple[NDArray[np.int32], NDArray[np.int32]]


class Worth(NamedTuple):
    """What a rule gives while its condition holds. `nth` tells equal rules apart."""

    condition: Condition
    points: int
    half_life_days: int | None = None
    fading: ActQuestion | None = None
    nth: int = 0


Worths = frozenset[Worth]


@dataclass(frozen=True, slots=True)
class AxisSums:
    """The rules of one axis as sets whose points are added up: those that add, by family (“” for none), and those that
    take away. `unproven_…` are the same with the rules on unproven signals.
    """

    adding: Mapping[str, Worths]
    taking: Worths
    unproven_adding: Mapping[str, Worths]
    unproven_taking: Worths

    @property
    def has_unproven(self) -> bool:
        return self.unproven_adding != self.adding or self.unproven_taking != self.taking


class AddingWorkspace(Workspace):
    """Answers conditions, and adds up points."""

    def total(self, worths: Worths) -> Sum:
        """The points of some rules, added up for every lead, before caps and floors. Not to be written to."""
        total = np.zeros(self.frame.n, dtype=np.int32)
        for worth in worths:
            points = points_of(worth, self)
            if points is not None:
                total += points
        return total


def sums_of(definition: RulebookDefinition, unproven: Sequence[bool]) -> dict[Axis, AxisSums] | None:
    """What has to be added up by axis; None if a family spans axes, whose points depend on the order of the rules."""
    axes_of: dict[str, set[Axis]] = {}
    for rule in definition.rules:
        axes_of.setdefault(rule.family, set()).add(rule.axis)
    if any(family and len(axes) > 1 for family, axes in axes_of.items()):
        return None
    found = {}
    for axis in AXES:
        every = [rule for rule in definition.rules if rule.axis is axis]
        proven = [
            rule for rule, is_new in zip(definition.rules, unproven, strict=True) if rule.axis is axis and not is_new
        ]
        found[axis] = AxisSums(_adding(proven), _taking(proven), _adding(every), _taking(every))
    return found


def _adding(rules: Iterable[Rule]) -> dict[str, Worths]:
    adding = [rule for rule in rules if rule.points > 0]
    return {family: _worths(rule for rule in adding if rule.family == family) for family in {r.family for r in adding}}


def _taking(rules: Iterable[Rule]) -> Worths:
    return _worths(rule for rule in rules if rule.points < 0)


def _worths(rules: Iterable[Rule]) -> Worths:
    seen: Counter[Worth] = Counter()
    worths = []
    for rule in rules:
        one = Worth(rule.condition, rule.points, rule.half_life_days, rule.fading)
        worths.append(one._replace(nth=seen[one]))
        seen[one] += 1
    return frozenset(worths)


def add_up(
    sums: Mapping[Axis, AxisSums], definition: RulebookDefinition, workspace: AddingWorkspace
) -> tuple[Totals, Totals]:
    """The axes of every lead, and the axes without unproven signals: what tiers are measured against."""
    axes, counted = {}, {}
    for axis, one in sums.items():
        cap, floor = definition.caps[axis], definition.floors.get(axis)
        added = _cut(one.adding, definition, cap, workspace)
        counted[axis] = axes[axis] = _take_away(added, one.taking, floor, workspace)
        if one.has_unproven:
            more = _cut(one.unproven_adding, definition, cap, workspace)
            more += counted[axis] - added
            axes[axis] = _take_away(more, one.unproven_taking - one.taking, floor, workspace)
    return axes, counted


def _cut(adding: Mapping[str, Worths], definition: RulebookDefinition, cap: int, workspace: AddingWorkspace) -> Sum:
    total = np.array(workspace.total(adding.get("", frozenset())))
    for family, worths in adding.items():
        if family:
            total += np.minimum(workspace.total(worths), definition.family_caps[family])
    return np.minimum(total, cap, out=total)


def _take_away(added: Sum, taking: Worths, floor: int | None, workspace: AddingWorkspace) -> Sum:
    if not taking:
        return added
    left = added + workspace.total(taking)
    return left if floor is None else np.maximum(left, floor, out=left)


def points_of(worth: Worth, workspace: Workspace) -> Sum | None:
    """One rule's points of every lead before caps and floors; None if it hits nobody."""
    mask = workspace.mask(worth.condition)
    if not mask.any():
        return None
    if worth.half_life_days is None or worth.fading is None:
        return np.multiply(mask, np.int32(worth.points))
    left, _wait = fading_tables(worth.half_life_days, worth.points)
    return np.multiply(mask, left.take(workspace.age(worth.fading), mode="clip"))


@lru_cache(maxsize=512)
def fading_tables(half_life_days: int, points: int) -> Tables:
    """Points left by age, rounded half away from zero, and days from that age to the next step (0: none)."""
    left = [(abs(points) * share + FULL // 2) // FULL for share in decay_table(half_life_days)]
    upcoming = next_step_table(half_life_days)
    wait = [step - age if step >= 0 else 0 for age, step in enumerate(upcoming)]
    return np.array(left, dtype=np.int32) * np.int32(1 if points >= 0 else -1), np.array(wait, dtype=np.int32)
