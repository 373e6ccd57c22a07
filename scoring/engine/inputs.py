"""Writes down what a decision was made from, as little as replaying it needs, and reads it back. Pure.

Only facts and acts that the rulebook asks about are kept. Of free text only the asked words are kept, so that no
decision holds what a person typed: erasing the person leaves the decision replayable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from scoring.engine.compiled import CompiledRulebook
from scoring.engine.frame import MISSING, UNDATED, Act, FactFrame, LeadFacts, date_of
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.words import mentioned, same, text_of

Inputs = dict[str, Any]
"""{"on": "2026-11-22", "facts": {name: value}, "acts": [[kind, day or null, topic, quantity, value or null], …]}"""


def write_inputs(compiled: CompiledRulebook, facts: FactFrame) -> list[Inputs]:
    """One JSON value per lead of the frame."""
    stated: list[dict[str, Any]] = [{} for _lead in range(facts.n)]
    for name in compiled.attributes:
        if name in facts.texts:
            column = facts.texts[name]
            kept = [_kept(compiled, name, text) for text in column.vocabulary]
            for lead, code in zip(stated, column.codes.tolist(), strict=True):
                if code >= 0:
                    lead[name] = kept[code]
        elif name in facts.numbers:
            is_date = ATTRIBUTES[name].type is FactType.DATE
            for lead, number in zip(stated, facts.numbers[name].tolist(), strict=True):
                if number != MISSING:
                    lead[name] = date_of(number).isoformat() if is_date else number
    acts = _acts(compiled, facts)
    days = {day: date_of(day).isoformat() for day in set(facts.as_of.tolist())}
    return [
        {"on": days[day], "facts": lead, "acts": done}
        for day, lead, done in zip(facts.as_of.tolist(), stated, acts, strict=True)
    ]


def _kept(compiled: CompiledRulebook, name: str, text: str) -> str | list[str]:
    if ATTRIBUTES[name].type is not FactType.FREE_TEXT or same(text) in compiled.asked_values.get(name, ()):
        return text
    return mentioned(text, compiled.asked_words.get(name, ()))


def _acts(compiled: CompiledRulebook, facts: FactFrame) -> list[list[list[Any]]]:
    signals = facts.signals
    asked = [kind in compiled.signal_kinds for kind in signals.kinds]
    acts: list[list[list[Any]]] = [[] for _lead in range(facts.n)]
    columns = (signals.lead, signals.kind, signals.day, signals.topic, signals.quantity, signals.value)
    for lead, kind, day, topic, quantity, value in zip(*(column.tolist() for column in columns), strict=True):
        if asked[kind]:
            dated = None if day == UNDATED else date_of(day).isoformat()
            measured = None if value == MISSING else value
            acts[lead].append([signals.kinds[kind], dated, signals.topics[topic], quantity, measured])
    return acts


def read_inputs(stored: Sequence[Mapping[str, Any]]) -> list[LeadFacts]:
    """The facts behind stored decisions."""
    return [
        LeadFacts(
            as_of=date.fromisoformat(inputs["on"]),
            facts={name: _read(name, value) for name, value in inputs["facts"].items()},
            acts=[
                Act(kind, None if day is None else date.fromisoformat(day), topic, quantity, value)
                for kind, day, topic, quantity, value in inputs["acts"]
            ],
        )
        for inputs in stored
    ]


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return text_of(value)
    return date.fromisoformat(value) if ATTRIBUTES[name].type is FactType.DATE else value
