"""What a rule can ask, one class for each kind of condition, and the list of them all. Pure."""

from __future__ import annotations

from scoring.rules.conditions.acts import Counting, DistinctCount, GoneQuiet, LastAct, SignalCount, Total
from scoring.rules.conditions.base import About, ActQuestion, Condition, Question, attributes_of, kinds_of, leaves
from scoring.rules.conditions.combining import AllOf, AnyOf, Not
from scoring.rules.conditions.dates import DateAhead, DatePassed
from scoring.rules.conditions.facts import (
    Between,
    Equals,
    FactQuestion,
    IsTrue,
    Known,
    Mentions,
    NoneOf,
    NotEquals,
    OneOf,
)
from scoring.rules.conditions.sequence import Sequence

CONDITION_KINDS: dict[str, type[Question]] = {
    kind.key: kind
    for kind in (
        Equals,
        OneOf,
        Between,
        Mentions,
        DateAhead,
        DatePassed,
        IsTrue,
        NotEquals,
        NoneOf,
        Known,
        DistinctCount,
        Total,
        LastAct,
        GoneQuiet,
        Sequence,
        SignalCount,
    )
}
"""Every kind of condition by its key. Parser, sentences, engine, editor and docs know them only from here."""

__all__ = [
    "CONDITION_KINDS",
    "About",
    "ActQuestion",
    "AllOf",
    "AnyOf",
    "Between",
    "Condition",
    "Counting",
    "DateAhead",
    "DatePassed",
    "DistinctCount",
    "Equals",
    "FactQuestion",
    "GoneQuiet",
    "IsTrue",
    "Known",
    "LastAct",
    "Mentions",
    "NoneOf",
    "Not",
    "NotEquals",
    "OneOf",
    "Question",
    "Sequence",
    "SignalCount",
    "Total",
    "attributes_of",
    "kinds_of",
    "leaves",
]
