"""Says in words what was found for a rule: the facts, counts and dates behind its points. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from scoring.engine.frame import MISSING, UNDATED, date_of
from scoring.engine.workspace import Workspace
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.conditions import (
    AllOf,
    AnyOf,
    Condition,
    DateAhead,
    DatePassed,
    DistinctCount,
    IsTrue,
    Mentions,
    Not,
    SignalCondition,
    SignalCount,
)
from scoring.rules.definition import Kind
from scoring.rules.sentences import condition_clause, join_names, shown_value
from scoring.rules.words import mentioned, words_of


def found(condition: Condition, workspace: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
    """What made `condition` true for one lead, like “visited the pricing page 3 times, last on 2 Mar 2026”."""
    match condition:
        case AllOf(parts):
            return _(" and ").join(found(part, workspace, lead, kinds) for part in parts)
        case AnyOf(parts):
            true = [part for part in parts if workspace.mask(part)[lead]]
            return _(" and ").join(found(part, workspace, lead, kinds) for part in true)
        case Not():
            return condition_clause(condition, kinds)
        case SignalCount() | DistinctCount():
            return _acts(condition, workspace, lead, kinds)
        case _:
            return _stated(condition, workspace, lead, kinds)


def fact_value(name: str, workspace: Workspace, lead: int) -> str | int | date | None:
    """A lead's value of a fact, None if unknown."""
    frame = workspace.frame
    if name in frame.texts:
        column = frame.texts[name]
        code = int(column.codes[lead])
        return column.vocabulary[code] if code >= 0 else None
    if name not in frame.numbers or (number := int(frame.numbers[name][lead])) == MISSING:
        return None
    return date_of(number) if ATTRIBUTES[name].type is FactType.DATE else number


def shown_date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _acts(condition: SignalCondition, workspace: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
    measure = workspace.measure(condition)
    done = [kind for kind in condition.kinds if _happened(kind, condition, workspace, lead)]
    count, latest = int(measure.count[lead]), int(measure.latest[lead])
    words: dict[str, Any] = {"acts": join_names(done or condition.kinds, kinds), "n": count}
    if isinstance(condition, DistinctCount):
        text = _("%(acts)s, %(n)d different %(of)s") % {**words, "of": condition.of}
    else:
        text = words["acts"] if count == 1 else _("%(acts)s %(n)d times") % words
    if latest == UNDATED:
        return _("%(text)s (no date)") % {"text": text}
    date_words = {"text": text, "day": shown_date(date_of(latest))}
    return (_("%(text)s on %(day)s") if count == 1 else _("%(text)s, last on %(day)s")) % date_words


def _happened(kind: str, condition: SignalCondition, workspace: Workspace, lead: int) -> bool:
    topics = condition.topics if isinstance(condition, SignalCount) else ()
    minimum = condition.minimum_value if isinstance(condition, SignalCount) else None
    one = SignalCount((kind,), topics, 1, condition.within_days, minimum)
    return bool(workspace.measure(one).count[lead])


def _stated(condition: Any, workspace: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
    attribute = ATTRIBUTES[condition.attribute]
    label, value = _(attribute.label), fact_value(attribute.key, workspace, lead)
    match condition:
        case IsTrue():
            return label
        case Mentions(_name, words):
            hits = " ".join(f"“{word}”" for word in mentioned(str(value), words))
            return _("%(fact)s mentions %(words)s") % {"fact": label, "words": hits}
        case DateAhead() | DatePassed() if isinstance(value, date):
            return _("%(fact)s is %(day)s") % {"fact": label, "day": shown_date(value)}
    if value is None or attribute.type is FactType.PRESENCE:
        return condition_clause(condition, kinds)
    if attribute.type is FactType.FREE_TEXT:
        parts = words_of(str(value))
        return _("%(fact)s is %(value)s") % {"fact": label, "value": ", ".join(parts) or _("known")}
    shown = shown_date(value) if isinstance(value, date) else shown_value(value)
    return _("%(fact)s is %(value)s") % {"fact": label, "value": shown}
