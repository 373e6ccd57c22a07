"""Turns the JSON of one condition into typed values, by the list of condition kinds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from scoring.rules.attributes import Attribute
from scoring.rules.conditions import CONDITION_KINDS, About, AllOf, AnyOf, Condition, Not, Question
from scoring.rules.definition import MAX_DEPTH
from scoring.rules.fields import read_attribute
from scoring.rules.kinds import Kind
from scoring.rules.reading import Problem, Reader

COMBINATIONS = ("all_of", "any_of", "not")


def parse_condition(
    value: Any, pointer: str, kinds: Mapping[str, Kind], problems: list[Problem], level: int = 0
) -> Condition:
    """The condition at `pointer`. Raises Refused after noting what is wrong."""
    reader = Reader(value, pointer, problems)
    combined = [key for key in COMBINATIONS if reader.has(key)]
    if combined and level >= MAX_DEPTH:
        raise reader.refuse(
            _("Combinations may lie at most %(n)d deep; split this into several rules.") % {"n": MAX_DEPTH}
        )
    condition: Condition
    is_denied = False
    if combined:
        condition = _combination(reader, combined[0], kinds, problems, level)
    elif reader.has("signals"):
        condition, is_denied = _kind_of(reader, kinds_about(About.SIGNALS)).read(reader, kinds)
    elif reader.has("fact"):
        fact = read_attribute(reader, reader.get("fact"), "fact")
        condition, is_denied = _kind_of(reader, kinds_about(About.FACT, fact), fact).read(reader, kinds, fact)
    else:
        raise reader.refuse(_("Say what to ask: “fact”, “signals”, “all_of”, “any_of” or “not”."))
    reader.done()
    return Not(condition) if is_denied else condition


def kinds_about(about: About, fact: Attribute | None = None) -> list[type[Question]]:
    """The kinds of condition about signals, or about this fact."""
    return [
        kind
        for kind in CONDITION_KINDS.values()
        if kind.about is about and (fact is None or not kind.fits or fact.type in kind.fits)
    ]


def _kind_of(reader: Reader, kinds: list[type[Question]], fact: Attribute | None = None) -> type[Question]:
    """The first kind one of whose markers is there, else the one that has none."""
    for kind in kinds:
        if any(reader.has(marker) for marker in kind.markers):
            return kind
    for kind in kinds:
        if not kind.markers:
            return kind
    ways = ", ".join(f"“{marker}”" for kind in kinds for marker in kind.markers)
    label = fact.label if fact else ""
    raise reader.refuse(_("“%(label)s” can be asked with: %(ways)s.") % {"label": label, "ways": ways})


def _combination(
    reader: Reader, key: str, kinds: Mapping[str, Kind], problems: list[Problem], level: int
) -> AllOf | AnyOf | Not:
    here = f"{reader.pointer}/{key}"
    if key == "not":
        return Not(parse_condition(reader.get("not"), here, kinds, problems, level + 1))
    parts = tuple(
        parse_condition(part, f"{here}/{index}", kinds, problems, level + 1)
        for index, part in reader.items(key, at_least=2)
    )
    return AllOf(parts) if key == "all_of" else AnyOf(parts)
