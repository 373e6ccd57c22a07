"""The catalogue of conditions as an editor and the docs use it: blanks to fill, values there and back. Pure.

`CONDITION_KINDS` is the list; everything here is read from it, so a new kind of condition needs no line in this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.condition_parsing import COMBINATIONS, kinds_about, parse_condition
from scoring.rules.conditions import CONDITION_KINDS, About, AllOf, AnyOf, Condition, Not, Question
from scoring.rules.fields import Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.reading import InvalidRulebook, Problem, Refused

LIST_TYPES = frozenset({FieldType.SIGNAL_KINDS, FieldType.TOPICS, FieldType.TEXTS, FieldType.VALUES})


@dataclass(frozen=True, slots=True)
class Described:
    """A condition taken apart for an editor: its kind, the values in its blanks, or the parts it combines.

    `kind` is a key of `CONDITION_KINDS` or one of `all_of`, `any_of`, `not`.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Described, ...] = ()

    @property
    def is_combination(self) -> bool:
        return self.kind in COMBINATIONS


@dataclass(frozen=True, slots=True)
class Needs:
    """The data that answering a condition takes."""

    facts: frozenset[str]
    signal_kinds: frozenset[str]
    account_kinds: frozenset[str]


def fields_for(kind: str, fact: str | None = None) -> tuple[Field, ...]:
    """The blanks of a kind of condition; about a numeric fact its value is a number."""
    fields = CONDITION_KINDS[kind].fields
    if fact in ATTRIBUTES and ATTRIBUTES[fact].type is FactType.NUMBER:
        return tuple(_as_number(blank) if blank.type is FieldType.VALUE else blank for blank in fields)
    return fields


def _as_number(blank: Field) -> Field:
    return Field(blank.name, FieldType.NUMBER, blank.label, blank.unit, attribute=blank.attribute)


def kinds_for_fact(fact: str) -> list[type[Question]]:
    """The kinds of condition that can be asked about this fact."""
    return kinds_about(About.FACT, ATTRIBUTES[fact])


def kinds_for_signals() -> list[type[Question]]:
    """The kinds of condition that can be asked about acts."""
    return kinds_about(About.SIGNALS)


def describe(condition: Condition) -> Described:
    """A condition taken apart; `build_json` of it is the condition again."""
    match condition:
        case AllOf(parts):
            return Described("all_of", parts=tuple(map(describe, parts)))
        case AnyOf(parts):
            return Described("any_of", parts=tuple(map(describe, parts)))
        case Not(part) if isinstance(part, Question) and (truth := _truth_of(type(part))):
            whole = describe(part)
            return Described(whole.kind, {**whole.values, truth: False})
        case Not(part):
            return Described("not", parts=(describe(part),))
        case Question():
            return Described(condition.key, {blank.name: blank.value_of(condition) for blank in condition.fields})
    raise TypeError(f"No kind of condition: {condition!r}.")


def condition_json(condition: Condition) -> dict[str, Any]:
    """The condition as the parser reads it."""
    return condition.json()


def build_json(described: Described) -> dict[str, Any]:
    """The JSON of a condition that was taken apart."""
    if described.kind == "not":
        return {"not": build_json(described.parts[0])}
    if described.is_combination:
        return {described.kind: [build_json(part) for part in described.parts]}
    return filled_json(described.kind, described.values)


def filled_json(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON from what was filled into the blanks, typed or as a form posts it (texts; lists by line or comma).

    Blanks left empty are left out. What cannot be a number stays as it is, so that the parser can say what is wrong.
    """
    fact = values.get("fact")
    filled = {
        blank.name: _typed(blank, values.get(blank.name)) for blank in fields_for(kind, str(fact) if fact else None)
    }
    return {
        blank.name: filled[blank.name]
        for blank in CONDITION_KINDS[kind].fields
        if filled[blank.name] not in (None, "", []) and (blank.required or filled[blank.name] != blank.default)
    }


def _typed(blank: Field, value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str):
        return value
    text = value.strip()
    if blank.type is FieldType.NUMBER:
        return int(text) if text.isascii() and text.isdecimal() else text
    if blank.type is FieldType.TRUTH:
        return {"true": True, "on": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            text.lower(), text
        )
    if blank.type in LIST_TYPES:
        return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
    return text


def read_condition(value: Any, kinds: Mapping[str, Kind]) -> Condition:
    """The condition in JSON. Raises InvalidRulebook with every problem; pointers start at the condition."""
    problems: list[Problem] = []
    try:
        condition = parse_condition(value, "", kinds, problems)
    except Refused:
        raise InvalidRulebook(problems) from None
    if problems:
        raise InvalidRulebook(problems)
    return condition


def needs_of(condition: Condition) -> Needs:
    """The facts and signal kinds that must have been collected."""
    asked = list(condition.questions())
    return Needs(
        frozenset(name for question in asked for name in question.asked_attributes()),
        frozenset(kind for question in asked for kind in question.asked_kinds()),
        frozenset(kind for question in asked for kind in question.asked_account_kinds()),
    )


def catalogue() -> list[dict[str, Any]]:
    """Every kind of condition in plain values: for docs, the API and editors outside this program."""
    return [
        {
            "kind": kind.key,
            "label": _(kind.label),
            "about": kind.about.value,
            "fits": sorted(kind.fits),
            "since": kind.since,
            "fields": [_field(blank) for blank in kind.fields],
        }
        for kind in CONDITION_KINDS.values()
    ]


def _field(blank: Field) -> dict[str, Any]:
    is_number = blank.type is FieldType.NUMBER
    return {
        "name": blank.name,
        "type": blank.type.value,
        "label": _(blank.label) if blank.label else "",
        "unit": _(blank.unit) if blank.unit else "",
        "required": blank.required,
        "default": list(blank.default) if isinstance(blank.default, tuple) else blank.default,
        **({"lowest": blank.lowest, "highest": blank.highest} if is_number else {}),
        **({"choices": {word: _(label) for word, label in blank.choices.items()}} if blank.choices else {}),
    }


def _truth_of(kind: type[Question]) -> str:
    """The key under which a kind of condition says true or false."""
    return next((blank.name for blank in kind.fields if blank.type is FieldType.TRUTH), "")
