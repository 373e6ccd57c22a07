"""What to think about before a rulebook is signed: refusals, and remarks that may be answered “on purpose”. Pure.

What the parser refuses is an error. Remarks are about rules that do nothing, contradict each other, ask for data that
nobody collects, or grow beyond what people keep in mind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from scoring.rules.attributes import ATTRIBUTES
from scoring.rules.catalogue import needs_of
from scoring.rules.conditions import ActQuestion, AllOf, AnyOf, Condition, Not
from scoring.rules.definition import MAX_DEPTH, MAX_RULES, Axis, Rule, RulebookDefinition, TierCriteria
from scoring.rules.implying import implies, is_impossible
from scoring.rules.parsing import parse_rulebook
from scoring.rules.phrases import plain_points
from scoring.rules.reading import InvalidRulebook
from scoring.rules.sentences import rule_sentence

MOST_QUESTIONS_OF_A_RULE = 4
MOST_QUESTIONS = 80
RULES_WORTH_A_REMARK = 35
RARELY_KNOWN = 0.01


@dataclass(frozen=True, slots=True)
class Remark:
    """`code` is for machines, `pointer` an RFC 6901 pointer into the definition. An error keeps it from being saved."""

    code: str
    pointer: str
    message: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What this portal has data about: the first day of each signal kind, and how often each fact is known.

    Kinds that were never seen are missing from `first_on`; facts that were not counted are missing from `known`
    (shares from 0 to 1).
    """

    first_on: Mapping[str, date] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Complexity:
    """How much there is to keep in mind, beside what is too much. `depth` counts combinations inside combinations."""

    rules: int
    questions: int
    most_questions: int
    depth: int
    longest: str

    @property
    def shares(self) -> dict[str, tuple[int, int]]:
        """Each number with its budget."""
        return {
            "rules": (self.rules, MAX_RULES),
            "questions": (self.questions, MOST_QUESTIONS),
            "most_questions": (self.most_questions, MOST_QUESTIONS_OF_A_RULE),
            "depth": (self.depth, MAX_DEPTH),
        }


def lint(definition: Any, coverage: Coverage | None = None, today: date | None = None) -> list[Remark]:
    """Every error if it is no rulebook, else every remark. With `coverage` also about data that is not there yet."""
    try:
        book = parse_rulebook(definition)
    except InvalidRulebook as invalid:
        return [Remark("refused", problem.pointer, problem.message, is_error=True) for problem in invalid.problems]
    remarks = [*_budget(book), *_twins(book), *_useless(book), *_unreachable(book), *_stopped(book)]
    if coverage is not None:
        remarks += _uncollected(book, coverage, today)
    return remarks


def complexity(book: RulebookDefinition) -> Complexity:
    """Counts rules, questions, depth, and finds the longest sentence."""
    sizes = [len(list(rule.condition.questions())) for rule in book.rules]
    sentences = [rule_sentence(rule, book.kinds) for rule in book.rules]
    return Complexity(
        rules=len(book.rules),
        questions=sum(len(list(condition.questions())) for condition in book.conditions()),
        most_questions=max(sizes),
        depth=max(map(_depth, book.conditions())),
        longest=max(sentences, key=lambda sentence: len(sentence.split())),
    )


def _depth(condition: Condition) -> int:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
    return 0


def _budget(book: RulebookDefinition) -> Iterator[Remark]:
    told = complexity(book)
    if told.rules > RULES_WORTH_A_REMARK:
        message = _("%(count)d rules of at most %(n)d: few people keep so many in mind. Which ones decide nothing?")
        yield Remark("many_rules", "/rules", message % {"count": told.rules, "n": MAX_RULES})
    if told.questions > MOST_QUESTIONS:
        message = _("%(count)d questions in all; more than %(n)d are hard to explain.")
        yield Remark("many_questions", "/rules", message % {"count": told.questions, "n": MOST_QUESTIONS})
    for index, rule in enumerate(book.rules):
        asked = len(list(rule.condition.questions()))
        if asked > MOST_QUESTIONS_OF_A_RULE:
            message = _("This rule asks %(count)d questions; split it so that each part can be seen to count.")
            yield Remark("long_rule", f"/rules/{index}/when", message % {"count": asked})


def _twins(book: RulebookDefinition) -> Iterator[Remark]:
    for index, rule in enumerate(book.rules):
        for earlier in book.rules[:index]:
            if rule.condition != earlier.condition or rule.axis != earlier.axis:
                continue
            if (rule.points < 0) != (earlier.points < 0):
                message = _("“%(key)s” asks the same and pulls the other way; keep one of them.")
                yield Remark("contradiction", f"/rules/{index}", message % {"key": earlier.key})
            else:
                message = _("“%(key)s” asks the same; join their points in one rule.")
                yield Remark("duplicate", f"/rules/{index}", message % {"key": earlier.key})


def _useless(book: RulebookDefinition) -> Iterator[Remark]:
    for index, rule in enumerate(book.rules):
        here = f"/rules/{index}"
        if is_impossible(rule.condition):
            yield Remark("impossible", f"{here}/when", _("No lead can ever meet this: its parts exclude each other."))
        elif (cause := _exhausted_by(book, index)) is not None:
            yield Remark("never_counts", here, cause)
        elif rule.points > (room := _room(book, rule)):
            message = _("It gives %(points)s, but its cap leaves at most %(room)s.")
            yield Remark(
                "cut_by_cap",
                f"{here}/points",
                message % {"points": plain_points(rule.points), "room": plain_points(room)},
            )
    for axis in book.floors:
        if not any(rule.axis is axis and rule.points < 0 for rule in book.rules):
            message = _("No rule takes points from %(axis)s, so this floor does nothing.")
            yield Remark("idle_floor", f"/floors/{axis}", message % {"axis": axis})


def _room(book: RulebookDefinition, rule: Rule) -> int:
    caps = [book.caps[rule.axis], *([book.family_caps[rule.family]] if rule.family else [])]
    return min(caps)


def _exhausted_by(book: RulebookDefinition, index: int) -> str | None:
    """Why nothing is ever left for a rule: earlier rules that always hold with it have used up its cap."""
    rule = book.rules[index]
    if rule.points <= 0:
        return None
    always = [
        earlier
        for earlier in book.rules[:index]
        if earlier.axis is rule.axis
        and earlier.points > 0
        and earlier.half_life_days is None
        and not book.is_unproven(earlier)
        and implies(rule.condition, earlier.condition)
    ]
    family = [earlier for earlier in always if rule.family and earlier.family == rule.family]
    for cap, used in ((book.family_caps.get(rule.family), family), (book.caps[rule.axis], always)):
        if cap is not None and _least_used(book, used) >= cap:
            words = {"keys": ", ".join(f"“{earlier.key}”" for earlier in used), "cap": plain_points(cap)}
            return _("It can never count: %(keys)s always hold with it and use up the cap of %(cap)s.") % words
    return None


def _least_used(book: RulebookDefinition, rules: list[Rule]) -> int:
    """What these rules of one axis use at least of a cap when all hold.

    A family over several axes may have been used up on another one, so it is not counted on.
    """
    axes = {family: {rule.axis for rule in book.rules if rule.family == family} for family in book.family_caps}
    return _together(book, [rule for rule in rules if not rule.family or len(axes[rule.family]) == 1])


def _together(book: RulebookDefinition, rules: list[Rule]) -> int:
    """The points of rules that all hold, families cut to their caps."""
    total = 0
    for family in {rule.family for rule in rules}:
        points = sum(rule.points for rule in rules if rule.family == family)
        total += min(points, book.family_caps[family]) if family else points
    return total


def _unreachable(book: RulebookDefinition) -> Iterator[Remark]:
    for number, tier in (("1", book.tier_1), ("2", book.tier_2)):
        for axis, least in tier.minimum.items():
            most = _most(book, axis)
            if least > most:
                message = _("Nobody can reach this: the rules of %(axis)s add up to at most %(most)s.")
                words = {"axis": axis, "most": plain_points(most)}
                yield Remark("unreachable", f"/tiers/{number}/minimum/{axis}", message % words)
        if tier.condition is not None and is_impossible(tier.condition):
            yield Remark("impossible", f"/tiers/{number}/when", _("No lead can ever meet this."))
    if _is_easier(book.tier_1, book.tier_2):
        message = _(
            "Tier 1 asks for fewer points than tier 2; a hand-raise alone then makes up for the rest. Meant so?"
        )
        yield Remark("tiers_cross", "/tiers/1/minimum", message)


def _is_easier(first: TierCriteria, second: TierCriteria) -> bool:
    """Whether tier 1 asks for less than tier 2 on an axis that both ask about."""
    return any(axis in first.minimum and first.minimum[axis] < least for axis, least in second.minimum.items())


def _most(book: RulebookDefinition, axis: Axis) -> int:
    """The most that proven rules can add on an axis."""
    rules = [rule for rule in book.rules if rule.axis is axis and rule.points > 0 and not book.is_unproven(rule)]
    return min(book.caps[axis], _together(book, rules))


def _stopped(book: RulebookDefinition) -> Iterator[Remark]:
    for index, rule in enumerate(book.rules):
        for no in book.disqualifiers:
            if rule.points > 0 and implies(rule.condition, no.condition):
                message = _("“%(key)s” stops every lead that this rule rewards.")
                yield Remark("stopped", f"/rules/{index}", message % {"key": no.key})


def _uncollected(book: RulebookDefinition, coverage: Coverage, today: date | None) -> Iterator[Remark]:
    places = [(f"/rules/{index}/when", rule.condition) for index, rule in enumerate(book.rules)]
    places += [(f"/disqualifiers/{index}/when", no.condition) for index, no in enumerate(book.disqualifiers)]
    for pointer, condition in places:
        needs = needs_of(condition)
        for code in sorted(needs.signal_kinds | needs.account_kinds):
            yield from _unseen(pointer, code, condition, book, coverage, today)
        for name in sorted(needs.facts):
            if coverage.known.get(name, 1.0) < RARELY_KNOWN:
                message = _("“%(fact)s” is known for less than 1 %% of leads; this can hardly count yet.")
                yield Remark("rarely_known", pointer, message % {"fact": _(ATTRIBUTES[name].label)})


def _unseen(
    pointer: str, code: str, condition: Condition, book: RulebookDefinition, coverage: Coverage, today: date | None
) -> Iterator[Remark]:
    name, first = book.kinds[code].name, coverage.first_on.get(code)
    if first is None:
        message = _("“%(act)s” was never recorded; this cannot count until a source sends it.")
        yield Remark("never_recorded", pointer, message % {"act": name})
    elif today is not None and (today - first).days < _longest_window(condition):
        message = _("“%(act)s” is recorded only since %(day)s, which is less than the rule looks back.")
        yield Remark("recorded_since", pointer, message % {"act": name, "day": f"{first.day} {first:%b %Y}"})


def _longest_window(condition: Condition) -> int:
    asked = [question for question in condition.questions() if isinstance(question, ActQuestion)]
    return max((getattr(question, "within_days", None) or 0 for question in asked), default=0)
