"""Turns the JSON of one condition into typed values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from scoring.rules.attributes import ATTRIBUTES, Attribute, FactType, find_attribute, suggest_attribute
from scoring.rules.conditions import (
    DISTINCT,
    AllOf,
    AnyOf,
    Between,
    Condition,
    DateAhead,
    DatePassed,
    DistinctCount,
    Equals,
    IsTrue,
    Known,
    Mentions,
    Not,
    OneOf,
    SignalCount,
)
from scoring.rules.definition import MAX_DAYS, MAX_DEPTH, Kind
from scoring.rules.reading import Problem, Reader
from scoring.rules.words import plain, same

MAX_COUNT = 10_000
MAX_VALUE = 2_000_000_000


def parse_condition(
    value: Any, pointer: str, kinds: Mapping[str, Kind], problems: list[Problem], level: int = 0
) -> Condition:
    """The condition at `pointer`. Raises Refused after noting what is wrong."""
    reader = Reader(value, pointer, problems)
    combined = [key for key in ("all_of", "any_of", "not") if reader.has(key)]
    if combined and level >= MAX_DEPTH:
        raise reader.refuse(
            _("Combinations may lie at most %(n)d deep; split this into several rules.") % {"n": MAX_DEPTH}
        )
    condition: Condition
    if combined:
        condition = _combination(reader, combined[0], kinds, problems, level)
    elif reader.has("signals"):
        condition = _signal_condition(reader, kinds)
    elif reader.has("fact"):
        condition = _fact_condition(reader)
    else:
        raise reader.refuse(_("Say what to ask: “fact”, “signals”, “all_of”, “any_of” or “not”."))
    reader.done()
    return condition


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


def _signal_condition(reader: Reader, kinds: Mapping[str, Kind]) -> SignalCount | DistinctCount:
    codes = reader.texts("signals")
    for index, code in enumerate(codes):
        if code not in kinds:
            known = ", ".join(sorted(kinds)) or _("none")
            raise reader.refuse(
                _("“%(code)s” is not a signal kind. Known kinds: %(known)s.") % {"code": code, "known": known},
                "signals",
                index,
            )
    within = reader.number_or_none("within_days", lowest=0, highest=MAX_DAYS)
    if reader.has("distinct"):
        return DistinctCount(
            reader.choice("distinct", DISTINCT), codes, reader.number("at_least", lowest=2, highest=MAX_COUNT), within
        )
    return SignalCount(
        codes,
        reader.texts("topics") if reader.has("topics") else (),
        reader.number("at_least", lowest=1, highest=MAX_COUNT) if reader.has("at_least") else 1,
        within,
        reader.number_or_none("minimum_value", lowest=0, highest=MAX_VALUE),
    )


def parse_attribute(reader: Reader, name: object, *path: str | int) -> Attribute:
    """A known fact. Raises Refused after noting the problem and, if one is near, the name that was meant."""
    attribute = find_attribute(name) if isinstance(name, str) else None
    if attribute is None:
        meant = suggest_attribute(name) if isinstance(name, str) else ""
        hint = _("Did you mean “%(meant)s”?") % {"meant": meant} if meant else ", ".join(ATTRIBUTES)
        raise reader.refuse(_("“%(name)s” is not a fact we know. %(hint)s") % {"name": name, "hint": hint}, *path)
    return attribute


def _fact_condition(reader: Reader) -> Condition:
    attribute = parse_attribute(reader, reader.get("fact"), "fact")
    for way in _WAYS[attribute.type]:
        if reader.has(way):
            return _READERS[way](reader, attribute)
    raise reader.refuse(
        _("“%(label)s” can be asked with: %(ways)s.")
        % {"label": attribute.label, "ways": ", ".join(f"“{way}”" for way in _WAYS[attribute.type])}
    )


def _known(reader: Reader, attribute: Attribute) -> Condition:
    return Known(attribute.key) if reader.truth("known") else Not(Known(attribute.key))


def _is(reader: Reader, attribute: Attribute) -> Condition:
    return IsTrue(attribute.key) if reader.truth("is") else Not(IsTrue(attribute.key))


def _mentions(reader: Reader, attribute: Attribute) -> Mentions:
    words = reader.texts("mentions")
    if not all(any(letter.isalnum() for letter in plain(word)) for word in words):
        raise reader.refuse(_("Every word needs a letter or a digit."), "mentions")
    return Mentions(attribute.key, words)


def _one_of(reader: Reader, attribute: Attribute) -> OneOf:
    return OneOf(attribute.key, tuple(same(value) for value in reader.texts("one_of")))


def _equals(reader: Reader, attribute: Attribute) -> Equals:
    if attribute.type is FactType.NUMBER:
        return Equals(attribute.key, reader.number("equals", lowest=0, highest=MAX_VALUE))
    return Equals(attribute.key, same(reader.text("equals", longest=120)))


def _between(reader: Reader, attribute: Attribute) -> Between:
    at_least = reader.number_or_none("at_least", lowest=0, highest=MAX_VALUE)
    at_most = reader.number_or_none("at_most", lowest=0, highest=MAX_VALUE)
    if at_least is None and at_most is None:
        raise reader.refuse(_("Give at least one end of the range."))
    if at_least is not None and at_most is not None and at_least > at_most:
        raise reader.refuse(_("The range is empty: its lower end is above its upper end."), "at_least")
    return Between(attribute.key, at_least, at_most)


def _date_ahead(reader: Reader, attribute: Attribute) -> DateAhead:
    return DateAhead(attribute.key, reader.number("within_days_ahead", lowest=0, highest=MAX_DAYS))


def _date_passed(reader: Reader, attribute: Attribute) -> Condition:
    passed = DatePassed(attribute.key, reader.number_or_none("within_days", lowest=1, highest=MAX_DAYS))
    return passed if reader.truth("passed") else Not(passed)


_WAYS: dict[FactType, tuple[str, ...]] = {
    FactType.CHOICE: ("equals", "one_of", "mentions", "known"),
    FactType.FREE_TEXT: ("equals", "one_of", "mentions", "known"),
    FactType.NUMBER: ("equals", "at_least", "at_most", "known"),
    FactType.FLAG: ("is",),
    FactType.DATE: ("within_days_ahead", "passed", "known"),
    FactType.PRESENCE: ("known",),
}

_READERS: dict[str, Callable[[Reader, Attribute], Condition]] = {
    "known": _known,
    "is": _is,
    "mentions": _mentions,
    "one_of": _one_of,
    "equals": _equals,
    "at_least": _between,
    "at_most": _between,
    "within_days_ahead": _date_ahead,
    "passed": _date_passed,
}
