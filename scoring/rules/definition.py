"""A rulebook as typed values: rules on three axes, caps, disqualifiers and what makes a tier. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from scoring.rules.conditions import ActQuestion, Condition, SignalCount, attributes_of, kinds_of
from scoring.rules.fields import MAX_DAYS
from scoring.rules.kinds import Kind
from scoring.rules.stages import StageRule

POINT = 1000
"""Points are stored in thousandths."""

MAX_RULES = 40
MAX_WORDS = 25
MAX_DEPTH = 3
MAX_POINTS = 1000 * POINT


class Axis(StrEnum):
    FIT = "fit"
    INTENT = "intent"
    TIMING = "timing"


AXES = tuple(Axis)


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` in thousandths; with a half-life they fade with the age of the latest matching act."""

    key: str
    axis: Axis
    condition: Condition
    points: int
    family: str = ""
    half_life_days: int | None = None

    @property
    def fading(self) -> ActQuestion | None:
        """The one question whose latest act the points fade with; None if they do not fade."""
        if self.half_life_days is None:
            return None
        return next(asked for asked in self.condition.questions() if isinstance(asked, ActQuestion))


@dataclass(frozen=True, slots=True)
class Disqualifier:
    """A hard no, kept apart from points: the lead stays with marketing whatever its score."""

    key: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class TierCriteria:
    """What a tier asks for. Axes left out are not asked; `condition` must hold too, if there is one."""

    minimum: dict[Axis, int]
    required_facts: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class RulebookDefinition:
    """Everything a published version says. `caps` is the most an axis can reach, `family_caps` a family of rules.

    `floors` is the lowest an axis can fall to; axes left out have none. Tier 1 is an act of the buyer (`hand_raise`)
    and criteria; tier 2 criteria alone; tier 3 the rest. `stages` go from the furthest to the first.
    """

    rules: tuple[Rule, ...]
    caps: dict[Axis, int]
    family_caps: dict[str, int]
    disqualifiers: tuple[Disqualifier, ...]
    hand_raise: SignalCount
    tier_1: TierCriteria
    tier_2: TierCriteria
    kinds: dict[str, Kind]
    axis_reason: str = ""
    floors: dict[Axis, int] = field(default_factory=dict)
    stages: tuple[StageRule, ...] = ()

    def conditions(self) -> list[Condition]:
        asked = [rule.condition for rule in self.rules] + [no.condition for no in self.disqualifiers]
        tiers = [tier.condition for tier in (self.tier_1, self.tier_2) if tier.condition is not None]
        return [*asked, self.hand_raise, *tiers, *(stage.condition for stage in self.stages)]

    def attributes(self) -> list[str]:
        """Facts that any part asks about, sorted."""
        asked = {name for condition in self.conditions() for name in attributes_of(condition)}
        return sorted(asked.union(self.tier_1.required_facts, self.tier_2.required_facts))

    def signal_kinds(self) -> list[str]:
        """Signal kinds that any part asks about, sorted."""
        return sorted({kind for condition in self.conditions() for kind in kinds_of(condition)})

    def account_kinds(self) -> list[str]:
        """Signal kinds that any part counts among everybody's acts at the account, sorted."""
        asked = (question for condition in self.conditions() for question in condition.questions())
        return sorted({kind for question in asked for kind in question.asked_account_kinds()})

    def is_unproven(self, rule: Rule) -> bool:
        """Whether a rule rests on a kind whose lift nobody measured yet; its points never count towards a tier."""
        return any(not self.kinds[kind].is_proven for kind in kinds_of(rule.condition))


__all__ = [
    "AXES",
    "MAX_DAYS",
    "Axis",
    "Disqualifier",
    "Kind",
    "Rule",
    "RulebookDefinition",
    "TierCriteria",
]
