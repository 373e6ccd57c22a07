"""What each line of the editor says in a sentence, and what the parser and the lint say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from revops.portal.rules.editor.working import NOES, RULES, STAGES, TIERS, Line, Working
from scoring.rules import AXES, disqualifier_sentence, rule_sentence
from scoring.rules.condition_parsing import parse_condition
from scoring.rules.conditions import Condition
from scoring.rules.definition import Disqualifier, Rule, RulebookDefinition
from scoring.rules.kinds import Kind
from scoring.rules.reading import Problem, Refused
from scoring.rules.sentences import condition_clause, stage_sentence
from scoring.rules.stages import EvaluationStage, StageRule

Entry = Rule | Disqualifier | StageRule | Condition


def problems_by_line(working: Working, problems: Sequence[Problem]) -> tuple[dict[int, list[str]], dict[str, str]]:
    """What is wrong with each line by its place, and with the other inputs by their names."""
    lines: dict[int, list[str]] = {}
    rest: dict[str, str] = {}
    for problem in problems:
        match problem.pointer.split("/")[1:]:
            case ["rules" | "disqualifiers" | "stages" as part, index, *_more] if index.isdecimal():
                place = working.place_of(part, int(index))
                if place is not None:
                    lines.setdefault(place, []).append(problem.message)
            case ["tiers", tier, "when", *_more] if (place := working.place_of(f"tier_{tier}", 0)) is not None:
                lines.setdefault(place, []).append(problem.message)
            case ["caps", axis]:
                rest[f"cap.{axis}"] = problem.message
            case ["floors", axis]:
                rest[f"floor.{axis}"] = problem.message
            case ["family_caps", name]:
                rest[f"family.{name}"] = problem.message
            case ["tiers", tier, "minimum", axis]:
                rest[f"tier.{tier}.{axis}"] = problem.message
            case ["tiers", "1", "hand_raise", "within_days"]:
                rest["hand"] = problem.message
            case _:
                rest[f"other.{len(rest)}"] = problem.message
    return lines, rest


def sentences_of(working: Working, book: RulebookDefinition | None, kinds: Mapping[str, Kind]) -> dict[int, str]:
    """What each line says, where it can be said; a line that is off or beside a mistake is said by itself."""
    said: dict[int, str] = {}
    if book is not None:
        parts: tuple[tuple[str, Sequence[Entry]], ...] = (
            (RULES, book.rules), (NOES, book.disqualifiers), (STAGES, book.stages),
        )  # fmt: skip
        for part, entries in parts:
            for index, entry in enumerate(entries):
                place = working.place_of(part, index)
                if place is not None:
                    said[place] = sentence_of(entry, kinds)
    for place, line in enumerate(working.lines):
        if place not in said and (alone := parsed_line(line, kinds)):
            said[place] = sentence_of(alone, kinds)
    return said


def sentence_of(entry: Entry, kinds: Mapping[str, Kind]) -> str:
    """A rule, a hard no, a stage, or what else a tier asks for, in one sentence."""
    if isinstance(entry, Condition):
        return _("And: %(clause)s.") % {"clause": condition_clause(entry, kinds)}
    if isinstance(entry, StageRule):
        return stage_sentence(entry, kinds)
    return rule_sentence(entry, kinds) if isinstance(entry, Rule) else disqualifier_sentence(entry, kinds)


def parsed_line(line: Line, kinds: Mapping[str, Kind]) -> Entry | None:
    """One line by itself as typed values; None while something is wrong with it."""
    problems: list[Problem] = []
    try:
        condition = parse_condition(line.node.json(), "", kinds, problems)
    except Refused:
        return None
    if line.axis in TIERS:
        return None if problems else condition
    if line.part == NOES:
        return Disqualifier(line.key, condition)
    if line.part == STAGES:
        return StageRule(EvaluationStage(line.key), condition) if line.key in set(EvaluationStage) else None
    if problems or not isinstance(line.points, int) or not isinstance(line.half_life, int | None):
        return None
    axis = next(one for one in AXES if one == line.axis)
    return Rule(line.key, axis, condition, line.points, line.family, line.half_life)
