"""Writes down what a decision was made from, as little as replaying it needs, and reads it back. Pure.

Only facts and acts that the rulebook asks about are kept. Of free text only the asked words are kept, so that no
decision holds what a person typed: erasing the person leaves the decision replayable. Version 2 adds what acts measured
in total and the acts of colleagues; what version 1 wrote is read as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from scoring.engine.compiled import CompiledRulebook
from scoring.engine.frame import MISSING, UNDATED, Act, FactFrame, LeadFacts, SignalTable, date_of
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.words import mentioned, same, text_of

Inputs = dict[str, Any]
"""{"v": 2, "on": "2026-11-22", "facts": {name: value}, "acts": [[kind, day or null, topic, quantity, value or null,
total], …], "colleagues": [[kind, day, topic, quantity, value, total, who], …]}

`total` is left out where it equals the value, `colleagues` where no condition asks about them.
"""

INPUTS_VERSION = 2


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
    acts = _acts(facts.signals, compiled.signal_kinds, facts.n)
    others = _acts(facts.colleagues, compiled.account_kinds, facts.n)
    days = {day: date_of(day).isoformat() for day in set(facts.as_of.tolist())}
    return [
        {
            "v": INPUTS_VERSION,
            "on": days[day],
            "facts": lead,
            "acts": done,
            **({"colleagues": theirs} if theirs else {}),
        }
        for day, lead, done, theirs in zip(facts.as_of.tolist(), stated, acts, others, strict=True)
    ]


def _kept(compiled: CompiledRulebook, name: str, text: str) -> str | list[str]:
    if ATTRIBUTES[name].type is not FactType.FREE_TEXT or same(text) in compiled.asked_values.get(name, ()):
        return text
    return mentioned(text, compiled.asked_words.get(name, ()))


def _acts(signals: SignalTable, kinds: Sequence[str], n: int) -> list[list[list[Any]]]:
    asked = [kind in kinds for kind in signals.kinds]
    acts: list[list[list[Any]]] = [[] for _lead in range(n)]
    columns = (
        signals.lead, signals.kind, signals.day, signals.topic,
        signals.quantity, signals.value, signals.total, signals.who,
    )  # fmt: skip
    for lead, kind, day, topic, quantity, value, total, who in zip(*(c.tolist() for c in columns), strict=True):
        if asked[kind]:
            dated = None if day == UNDATED else date_of(day).isoformat()
            measured = None if value == MISSING else value
            act = [signals.kinds[kind], dated, signals.topics[topic], quantity, measured]
            if who:
                act += [total, who]
            elif total != (measured or 0):
                act.append(total)
            acts[lead].append(act)
    return acts


def read_inputs(stored: Sequence[Mapping[str, Any]]) -> list[LeadFacts]:
    """The facts behind stored decisions, whatever version wrote them."""
    return [
        LeadFacts(
            as_of=date.fromisoformat(inputs["on"]),
            facts={name: _read(name, value) for name, value in inputs["facts"].items()},
            acts=[_act(*act) for act in inputs["acts"]],
            colleagues=[_act(*act) for act in inputs.get("colleagues", ())],
        )
        for inputs in stored
    ]


def _act(
    kind: str, day: str | None, topic: str, quantity: int, value: int | None, total: int | None = None, who: int = 0
) -> Act:
    return Act(kind, None if day is None else date.fromisoformat(day), topic, quantity, value, total, who)


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return text_of(value)
    return date.fromisoformat(value) if ATTRIBUTES[name].type is FactType.DATE else value
