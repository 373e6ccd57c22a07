"""A rulebook as people read it: sentences by axis, the hard noes, and what makes each tier. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from scoring.engine.compiled import required_fact
from scoring.rules import (
    AXES,
    RulebookDefinition,
    TierCriteria,
    disqualifier_sentence,
    parse_rulebook,
    plain_points,
    rule_sentence,
)
from scoring.rules.sentences import condition_clause, stage_sentence


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule; `points` in thousandths. An unproven rule adds points that no tier counts."""

    key: str
    sentence: str
    points: int
    family: str
    is_proven: bool


@dataclass(frozen=True, slots=True)
class AxisOutline:
    """`floor` is the lowest the axis can fall to, None if it has none."""

    axis: str
    cap: int
    rules: tuple[RuleLine, ...]
    floor: int | None = None

    @property
    def shown_cap(self) -> str:
        return plain_points(self.cap)


@dataclass(frozen=True, slots=True)
class Outline:
    """`tiers` holds one sentence per tier, `family_caps` one per family, `floors` one per floor, `stages` one each."""

    axes: tuple[AxisOutline, ...]
    family_caps: tuple[str, ...]
    disqualifiers: tuple[str, ...]
    tiers: dict[int, str]
    axis_reason: str
    floors: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def outline(definition: Mapping[str, Any]) -> Outline:
    """The outline of a definition in JSON. Raises InvalidRulebook if it is none."""
    book = parse_rulebook(definition)
    return Outline(
        axes=tuple(
            AxisOutline(
                axis.value,
                book.caps[axis],
                tuple(
                    RuleLine(
                        rule.key, rule_sentence(rule, book.kinds), rule.points, rule.family, not book.is_unproven(rule)
                    )
                    for rule in book.rules
                    if rule.axis is axis
                ),
                book.floors.get(axis),
            )
            for axis in AXES
        ),
        family_caps=tuple(
            _("Everything in “%(family)s” together adds at most %(cap)s.") % {"family": name, "cap": plain_points(cap)}
            for name, cap in book.family_caps.items()
        ),
        disqualifiers=tuple(disqualifier_sentence(no, book.kinds) for no in book.disqualifiers),
        tiers={
            1: _("Sales-ready: %(act)s; %(criteria)s.")
            % {"act": condition_clause(book.hand_raise, book.kinds), "criteria": criteria_words(book.tier_1, book)},
            2: _("High intent, fast-track nurture: %(criteria)s.") % {"criteria": criteria_words(book.tier_2, book)},
            3: _("Everybody else stays with marketing."),
        },
        axis_reason=book.axis_reason,
        floors=tuple(
            _("%(axis)s never falls below %(floor)s.") % {"axis": axis.capitalize(), "floor": plain_points(floor)}
            for axis, floor in book.floors.items()
        ),
        stages=tuple(stage_sentence(stage, book.kinds) for stage in book.stages),
    )


def criteria_words(criteria: TierCriteria, book: RulebookDefinition) -> str:
    """What a tier asks for, like “fit at least 12, intent at least 20, the company is known”."""
    asked = [
        _("%(axis)s at least %(n)s") % {"axis": axis, "n": plain_points(least)}
        for axis, least in criteria.minimum.items()
    ]
    asked += [condition_clause(required_fact(name), book.kinds) for name in criteria.required_facts]
    asked += [condition_clause(criteria.condition, book.kinds)] if criteria.condition is not None else []
    return ", ".join(asked) or _("no further criteria")
