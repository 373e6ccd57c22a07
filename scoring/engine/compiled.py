"""The one compiled form of a rulebook: it scores one lead, a million leads and a backtest, and feeds the explanation.

How points add up, so that the listed reasons always are the score: rules are taken in order, those that add before
those that take away, those on unproven signals after all others. Each positive contribution is cut to what its family
and its axis still have room for, each negative one to what is left above the floor of its axis, if it has one. What is
left of each rule is its contribution, and an axis is their sum. All numbers are integers in thousandths.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from scoring.engine.acts import Mask, Numbers
from scoring.engine.adding import AddingWorkspace, AxisSums, Tables, add_up, fading_tables, sums_of
from scoring.engine.frame import FactFrame
from scoring.engine.workspace import Workspace
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.conditions import IsTrue, Known
from scoring.rules.definition import AXES, Axis, Rule, RulebookDefinition, TierCriteria
from scoring.rules.stages import NO_STAGE, stage_number

K = TypeVar("K", np.int32, np.int64)

FORMULA_VERSION = 1
"""Raised whenever the same rulebook and facts may give other numbers; stored with every decision."""

INTENT_WEIGHT = 2
"""Intent weighs double in the order of leads within a tier."""


@dataclass(frozen=True, slots=True)
class CompiledRulebook:
    """A definition with everything worked out once. Holds no facts; safe to share between threads.

    `signal_kinds` are counted among the person's own acts, `account_kinds` among those of colleagues too. `sums` is
    what adds up to the axes without looking at single rules, None if the order of the rules counts.
    """

    definition: RulebookDefinition
    order: tuple[int, ...]
    unproven: tuple[bool, ...]
    attributes: tuple[str, ...]
    signal_kinds: tuple[str, ...]
    account_kinds: tuple[str, ...]
    fading: dict[int, Tables]
    sums: dict[Axis, AxisSums] | None
    asked_words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked_values: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.definition.rules


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Columns per lead. `contributions` is leads × rules; `disqualified` an index of disqualifiers, -1 for none.

    `counted` are the axes without unproven signals: what tiers are measured against. `reevaluate_day` is the first
    day on which time alone may change something, NEVER if it cannot. `before_caps` is what caps and floors cut from.
    `stage` is the number of the evaluation stage, 0 for none.
    """

    contributions: NDArray[np.int32]
    before_caps: NDArray[np.int32]
    axes: dict[Axis, Numbers]
    counted: dict[Axis, Numbers]
    tier: NDArray[np.uint8]
    disqualified: NDArray[np.int16]
    hand_raised: Mask
    stage: NDArray[np.int8]
    reevaluate_day: Numbers
    workspace: Workspace

    @property
    def priority(self) -> Numbers:
        """Twice intent plus fit plus timing: the order of leads within a tier."""
        return priority_of(self.axes)


def compile_rulebook(definition: RulebookDefinition) -> CompiledRulebook:
    unproven = tuple(definition.is_unproven(rule) for rule in definition.rules)
    words: dict[str, dict[str, None]] = {}
    values: dict[str, set[str]] = {}
    for condition in definition.conditions():
        for question in condition.questions():
            for name in question.asked_attributes():
                words.setdefault(name, {}).update(dict.fromkeys(question.asked_words()))
                values.setdefault(name, set()).update(question.asked_values())
    return CompiledRulebook(
        definition=definition,
        order=tuple(sorted(range(len(unproven)), key=lambda i: (unproven[i], definition.rules[i].points < 0))),
        unproven=unproven,
        attributes=tuple(definition.attributes()),
        signal_kinds=tuple(definition.signal_kinds()),
        account_kinds=tuple(definition.account_kinds()),
        fading={
            index: fading_tables(rule.half_life_days, rule.points)
            for index, rule in enumerate(definition.rules)
            if rule.half_life_days is not None
        },
        sums=sums_of(definition, unproven),
        asked_words={name: tuple(found) for name, found in words.items()},
        asked_values={name: frozenset(found) for name, found in values.items()},
    )


def evaluate(compiled: CompiledRulebook, facts: FactFrame, workspace: Workspace | None = None) -> Evaluation:
    """Scores every lead of the frame, in a workspace of its own unless one is given that knows some answers already."""
    workspace = workspace or Workspace(facts)
    before, hit = _before_caps(compiled, workspace)
    contributions = before.copy(order="F")
    axes, counted = _added_up(compiled, contributions, hit)
    definition = compiled.definition
    return Evaluation(
        contributions=contributions,
        before_caps=before,
        axes=axes,
        counted=counted,
        tier=_tier(definition, workspace, counted),
        disqualified=_disqualified(workspace, definition),
        hand_raised=workspace.mask(definition.hand_raise),
        stage=_stages(workspace, definition),
        reevaluate_day=workspace.next_change,
        workspace=workspace,
    )


def judge(compiled: CompiledRulebook, workspace: AddingWorkspace) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Tier and priority alone, of every lead of a workspace: what `evaluate` says, without the reasons."""
    if compiled.sums is None:
        one_by_one, cut = _added_up(compiled, *_before_caps(compiled, workspace))
        return _tier(compiled.definition, workspace, cut), priority_of(one_by_one).astype(np.int32)
    axes, counted = add_up(compiled.sums, compiled.definition, workspace)
    return _tier(compiled.definition, workspace, counted), priority_of(axes)


def priority_of(axes: Mapping[Axis, NDArray[K]]) -> NDArray[K]:
    """Twice intent plus fit plus timing: the order of leads within a tier."""
    return axes[Axis.INTENT] * INTENT_WEIGHT + axes[Axis.FIT] + axes[Axis.TIMING]


def _before_caps(compiled: CompiledRulebook, workspace: Workspace) -> tuple[NDArray[np.int32], set[int]]:
    """Leads × rules: points before caps and floors; and the rules that hit anybody."""
    before = np.zeros((workspace.frame.n, len(compiled.rules)), dtype=np.int32, order="F")
    hit = set()
    for index, rule in enumerate(compiled.rules):
        mask = workspace.mask(rule.condition)
        if mask.any():
            _write_points(workspace, rule, mask, compiled.fading.get(index), before[:, index])
            hit.add(index)
    return before, hit


def _tier(
    definition: RulebookDefinition, workspace: Workspace, counted: Mapping[Axis, NDArray[np.integer]]
) -> NDArray[np.uint8]:
    """The tier of each lead: asked for sales and met the criteria, met those of tier 2, or the rest."""
    first = workspace.mask(definition.hand_raise) & _meets(workspace, definition.tier_1, counted)
    second = _meets(workspace, definition.tier_2, counted)
    for no in definition.disqualifiers:
        allowed = ~workspace.mask(no.condition)
        first &= allowed
        second &= allowed
    above = np.maximum(first.view(np.uint8) * np.uint8(2), second.view(np.uint8))
    return np.subtract(3, above, dtype=np.uint8)


def _disqualified(workspace: Workspace, definition: RulebookDefinition) -> NDArray[np.int16]:
    """The first disqualifier that hit each lead, -1 for none."""
    found = np.full(workspace.frame.n, -1, dtype=np.int16)
    for index in reversed(range(len(definition.disqualifiers))):
        found[workspace.mask(definition.disqualifiers[index].condition)] = index
    return found


def _added_up(
    compiled: CompiledRulebook, contributions: NDArray[np.int32], hit: Collection[int]
) -> tuple[dict[Axis, Numbers], dict[Axis, Numbers]]:
    """The axes of every lead, and the axes without unproven signals. Cuts each rule's points to what caps and floors
    leave of them, in place; `hit` are the rules that hit anybody.
    """
    n = len(contributions)
    definition = compiled.definition
    axis_room = {axis: np.full(n, cap, dtype=np.int32) for axis, cap in definition.caps.items()}
    family_room = {name: np.full(n, cap, dtype=np.int32) for name, cap in definition.family_caps.items()}
    axes = {axis: np.zeros(n, dtype=np.int64) for axis in AXES}
    counted: dict[Axis, Numbers] = {}
    for index in compiled.order:
        rule = compiled.rules[index]
        if compiled.unproven[index] and not counted:
            counted = {axis: total.copy() for axis, total in axes.items()}
        if index not in hit:
            continue
        column = contributions[:, index]
        if rule.points > 0:
            rooms = [axis_room[rule.axis], *([family_room[rule.family]] if rule.family else [])]
            for room in rooms:
                np.minimum(column, room, out=column)
            for room in rooms:
                np.subtract(room, column, out=room)
        elif rule.points < 0 and rule.axis in definition.floors:
            np.maximum(column, definition.floors[rule.axis] - axes[rule.axis], out=column, casting="unsafe")
        axes[rule.axis] += column
    return axes, counted or axes


def _stages(workspace: Workspace, definition: RulebookDefinition) -> NDArray[np.int8]:
    stage = np.full(workspace.frame.n, NO_STAGE, dtype=np.int8)
    for rule in reversed(definition.stages):  # the furthest stage is written last
        stage[workspace.mask(rule.condition)] = stage_number(rule.stage)
    return stage


def _write_points(
    workspace: Workspace,
    rule: Rule,
    mask: Mask,
    fading: tuple[NDArray[np.int32], NDArray[np.int32]] | None,
    column: NDArray[np.int32],
) -> None:
    act = rule.fading
    if fading is None or act is None:
        np.multiply(mask, np.int32(rule.points), out=column)
        return
    left, wait = fading
    age = workspace.age(act)
    if workspace.watches_time:
        until = wait.take(age, mode="clip")
        workspace.change_at((workspace.frame.as_of + until).astype(np.int64), mask & (until > 0))
    np.multiply(mask, left.take(age, mode="clip"), out=column)


def _meets(workspace: Workspace, criteria: TierCriteria, counted: Mapping[Axis, NDArray[np.integer]]) -> Mask:
    met = np.ones(workspace.frame.n, dtype=np.bool_)
    for axis, least in criteria.minimum.items():
        met &= counted[axis] >= least
    for name in criteria.required_facts:
        met &= workspace.mask(required_fact(name))
    if criteria.condition is not None:
        met &= workspace.mask(criteria.condition)
    return met


def required_fact(name: str) -> Known | IsTrue:
    """What it takes for a required fact: a flag must be true, anything else known."""
    return IsTrue(name) if ATTRIBUTES[name].type is FactType.FLAG else Known(name)
