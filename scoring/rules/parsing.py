"""Turns the JSON of a rulebook into a definition, or says everything that is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from scoring.rules.condition_parsing import parse_condition
from scoring.rules.conditions import ActQuestion, Not, SignalCount, kinds_of
from scoring.rules.decay import LONGEST_HALF_LIFE
from scoring.rules.definition import (
    AXES,
    MAX_DAYS,
    MAX_POINTS,
    MAX_RULES,
    MAX_WORDS,
    Axis,
    Disqualifier,
    Rule,
    RulebookDefinition,
    TierCriteria,
)
from scoring.rules.fields import read_attribute
from scoring.rules.kinds import Kind
from scoring.rules.reading import InvalidRulebook, Problem, Reader, Refused
from scoring.rules.sentences import (
    condition_clause,
    count_words,
    disqualifier_sentence,
    rule_sentence,
    stage_sentence,
)
from scoring.rules.stages import STAGES, EvaluationStage, StageRule, default_stages

_KEY = re.compile(r"[a-z][a-z0-9_]{1,63}")
T = TypeVar("T")


def parse_rulebook(value: Any) -> RulebookDefinition:
    """The definition behind `value` (decoded JSON). Raises InvalidRulebook with every problem found."""
    problems: list[Problem] = []
    definition = _attempt(lambda: _rulebook(Reader(value, "", problems), problems))
    if problems or definition is None:
        raise InvalidRulebook(problems)
    return definition


def _attempt(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Refused:
        return None


def _rulebook(reader: Reader, problems: list[Problem]) -> RulebookDefinition:
    kinds = _kinds(reader.child("kinds"), problems)
    rules = _rules(reader, kinds, problems)
    caps = _attempt(lambda: _caps(reader.child("caps"))) or {}
    floors = _attempt(lambda: _floors(reader)) or {}
    family_caps = _attempt(lambda: _family_caps(reader, rules)) or {}
    reason = _attempt(lambda: reader.text("axis_reason", longest=300, default="")) or ""
    if caps and caps[Axis.INTENT] < caps[Axis.FIT] and not reason:
        message = _("Intent weighs more than fit: raise its cap, or state in “axis_reason” why not.")
        reader.refuse(message, "caps", "intent")
    disqualifiers = _disqualifiers(reader, kinds, problems)
    tiers = reader.child("tiers")
    hand_raise, tier_1 = _tier_1(tiers, kinds, problems)
    tier_2 = _criteria(tiers.child("2"), kinds, problems)
    if not tier_2.minimum:
        tiers.refuse(_("Tier 2 needs a minimum on at least one axis, or every lead would reach it."), "2")
    tiers.done()
    stages = _stages(reader, kinds, problems)
    reader.done()
    return RulebookDefinition(
        rules, caps, family_caps, disqualifiers, hand_raise, tier_1, tier_2, kinds, reason, floors, stages
    )


def _kinds(reader: Reader, problems: list[Problem]) -> dict[str, Kind]:
    kinds = {}
    for code in reader.value:
        entry = reader.child(code)
        strength = entry.choice("strength", ("hand_raise", "high", "medium", "low"))
        kinds[code] = Kind(code, entry.text("name", longest=120), strength, entry.truth("is_proven"))
        entry.done()
    return kinds


def _rules(reader: Reader, kinds: Mapping[str, Kind], problems: list[Problem]) -> tuple[Rule, ...]:
    entries = _attempt(lambda: reader.items("rules")) or []
    if len(entries) > MAX_RULES:
        reader.refuse(
            _("%(count)d rules are more than anybody can keep in mind; the limit is %(n)d.")
            % {"count": len(entries), "n": MAX_RULES},
            "rules",
        )
    rules: list[Rule] = []
    for index, value in entries:
        rule = _attempt(lambda value=value, index=index: _rule(value, f"/rules/{index}", kinds, problems))  # type: ignore[misc]
        if rule is not None and rule.key in {earlier.key for earlier in rules}:
            reader.refuse(_("Another rule has this key; choose a different one."), "rules", index, "key")
        elif rule is not None:
            rules.append(rule)
    return tuple(rules)


def _rule(value: Any, pointer: str, kinds: Mapping[str, Kind], problems: list[Problem]) -> Rule:
    reader = Reader(value, pointer, problems)
    key = _key(reader)
    axis = Axis(reader.choice("axis", AXES))
    points = reader.number("points", lowest=-MAX_POINTS, highest=MAX_POINTS)
    family = reader.text("family", default="")
    half_life = reader.number_or_none("half_life_days", lowest=1, highest=LONGEST_HALF_LIFE)
    condition = parse_condition(reader.get("when"), f"{pointer}/when", kinds, problems)
    rule = Rule(key, axis, condition, points, family, half_life)
    reader.done()
    if half_life is not None:
        _check_fading(reader, rule)
    _check_sentence(reader, rule_sentence(rule, kinds))
    return rule


def _check_fading(reader: Reader, rule: Rule) -> None:
    acts = [asked for asked in rule.condition.questions() if isinstance(asked, ActQuestion)]
    if len(acts) != 1 or isinstance(rule.condition, Not):
        raise reader.refuse(
            _("Points can fade only with one question about signals; this rule has %(n)d.") % {"n": len(acts)},
            "half_life_days",
        )
    if not acts[0].can_fade:
        raise reader.refuse(
            _("Points cannot fade with acts that have stopped; remove the half-life."), "half_life_days"
        )


def _check_sentence(reader: Reader, sentence: str) -> None:
    words = count_words(sentence)
    if words > MAX_WORDS:
        raise reader.refuse(
            _("Sales must be able to say it in one sentence: %(words)d words, the limit is %(n)d: “%(sentence)s”")
            % {"words": words, "n": MAX_WORDS, "sentence": sentence}
        )


def _key(reader: Reader) -> str:
    key = reader.text("key")
    if not _KEY.fullmatch(key):
        raise reader.refuse(_("A key has 2 to 64 lowercase letters, digits and underscores, a letter first."), "key")
    return key


def _caps(reader: Reader) -> dict[Axis, int]:
    caps = {axis: reader.number(axis, lowest=1, highest=MAX_POINTS) for axis in AXES}
    reader.done()
    return caps


def _floors(reader: Reader) -> dict[Axis, int]:
    if not reader.has("floors"):
        return {}
    child = reader.child("floors")
    floors = {axis: child.number(axis, lowest=-MAX_POINTS, highest=0) for axis in AXES if child.has(axis)}
    child.done()
    return floors


def _family_caps(reader: Reader, rules: tuple[Rule, ...]) -> dict[str, int]:
    used = {rule.family for rule in rules if rule.family}
    caps = {}
    if reader.has("family_caps"):
        child = reader.child("family_caps")
        caps = {name: child.number(name, lowest=1, highest=MAX_POINTS) for name in child.value}
    for name in sorted(used - set(caps)):
        reader.refuse(_("State the most that the family “%(name)s” can add.") % {"name": name}, "family_caps")
    for name in sorted(set(caps) - used):
        reader.refuse(_("No rule belongs to the family “%(name)s”; remove it.") % {"name": name}, "family_caps", name)
    return caps


def _disqualifiers(reader: Reader, kinds: Mapping[str, Kind], problems: list[Problem]) -> tuple[Disqualifier, ...]:
    def read(value: Any, pointer: str) -> Disqualifier:
        entry = Reader(value, pointer, problems)
        key = _key(entry)
        no = Disqualifier(key, parse_condition(entry.get("when"), f"{pointer}/when", kinds, problems))
        entry.done()
        _refuse_unproven(entry, kinds_of(no.condition), kinds)
        _check_sentence(entry, disqualifier_sentence(no, kinds))
        return no

    entries = _attempt(lambda: reader.items("disqualifiers", at_least=0)) or []
    read_ones = [
        _attempt(lambda value=value, index=index: read(value, f"/disqualifiers/{index}"))  # type: ignore[misc]
        for index, value in entries
    ]
    found = tuple(no for no in read_ones if no is not None)
    if len({no.key for no in found}) < len(found):
        reader.refuse(_("Two disqualifiers have the same key; rename one."), "disqualifiers")
    return found


def _refuse_unproven(reader: Reader, codes: set[str], kinds: Mapping[str, Kind]) -> None:
    for code in sorted(codes):
        if not kinds[code].is_proven:
            raise reader.refuse(
                _("“%(name)s” is unproven: it cannot move a tier by itself.") % {"name": kinds[code].name}
            )


def _tier_1(tiers: Reader, kinds: Mapping[str, Kind], problems: list[Problem]) -> tuple[SignalCount, TierCriteria]:
    reader = tiers.child("1")
    if not reader.has("hand_raise"):
        raise reader.refuse(
            _("Tier 1 needs an explicit hand-raise by the buyer; points alone can never make it. Add “hand_raise”."),
            "hand_raise",
        )
    act = reader.child("hand_raise")
    codes = act.texts("signals")
    for index, code in enumerate(codes):
        if code not in kinds or not kinds[code].is_hand_raise:
            raise act.refuse(
                _("“%(code)s” is not a hand-raise: only acts that ask for sales make tier 1.") % {"code": code},
                "signals",
                index,
            )
    _refuse_unproven(act, set(codes), kinds)
    hand_raise = SignalCount(codes, within_days=act.number("within_days", lowest=1, highest=MAX_DAYS))
    act.done()
    return hand_raise, _criteria(reader, kinds, problems)


def _criteria(reader: Reader, kinds: Mapping[str, Kind], problems: list[Problem]) -> TierCriteria:
    minimum: dict[Axis, int] = {}
    if reader.has("minimum"):
        child = reader.child("minimum")
        minimum = {axis: child.number(axis, lowest=-MAX_POINTS, highest=MAX_POINTS) for axis in AXES if child.has(axis)}
        child.done()
    facts = reader.texts("required_facts", at_least=0) if reader.has("required_facts") else ()
    for index, name in enumerate(facts):
        read_attribute(reader, name, "required_facts", index)
    condition = None
    if reader.has("when"):
        condition = parse_condition(reader.get("when"), f"{reader.pointer}/when", kinds, problems)
        _refuse_unproven(reader, kinds_of(condition), kinds)
        _check_sentence(reader, condition_clause(condition, kinds))
    reader.done()
    return TierCriteria(minimum, facts, condition)


def _stages(reader: Reader, kinds: Mapping[str, Kind], problems: list[Problem]) -> tuple[StageRule, ...]:
    """The table of evaluation stages, the furthest first; without one, the table that everybody starts with."""
    entries = reader.get("stages")
    if entries is None:
        entries = default_stages(kinds)
    elif not isinstance(entries, list):
        reader.refuse(_("Give a list with at least %(n)d entries.") % {"n": 0}, "stages")
        return ()
    read = [
        _attempt(lambda value=value, index=index: _stage(value, f"/stages/{index}", kinds, problems))  # type: ignore[misc]
        for index, value in enumerate(entries)
    ]
    rules = sorted((rule for rule in read if rule is not None), key=lambda rule: STAGES.index(rule.stage))
    if len({rule.stage for rule in rules}) < len(rules):
        reader.refuse(_("A stage is listed twice; combine its conditions with “any_of”."), "stages")
    return tuple(rules)


def _stage(value: Any, pointer: str, kinds: Mapping[str, Kind], problems: list[Problem]) -> StageRule:
    reader = Reader(value, pointer, problems)
    stage = EvaluationStage(reader.choice("key", STAGES))
    rule = StageRule(stage, parse_condition(reader.get("when"), f"{pointer}/when", kinds, problems))
    reader.done()
    _check_sentence(reader, stage_sentence(rule, kinds))
    return rule
