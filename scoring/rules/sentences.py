"""Says a rule, a disqualifier and a tier in one English sentence that sales can repeat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from scoring.rules.attributes import ATTRIBUTES
from scoring.rules.conditions import (
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
from scoring.rules.definition import Disqualifier, Kind, Rule

_SHORTEST_VALUES = {"c_level": "C-level", "vp": "VP", "hr": "HR", "it": "IT", "revops": "RevOps"}
_MEASURES = {"webinar_attended": "%(n)d %%", "time_on_site": "%(n)d seconds"}


def rule_sentence(rule: Rule, kinds: Mapping[str, Kind]) -> str:
    """Like “Visited the pricing page at least 2 times within 14 days: +12 intent, halving every 14 days.”"""
    clause = condition_clause(rule.condition, kinds)
    fading = _(", halving every %(n)d days") % {"n": rule.half_life_days} if rule.half_life_days else ""
    return f"{clause[:1].upper()}{clause[1:]}: {signed_points(rule.points)} {rule.axis}{fading}."


def disqualifier_sentence(no: Disqualifier, kinds: Mapping[str, Kind]) -> str:
    clause = condition_clause(no.condition, kinds)
    return _("Not for sales: %(clause)s.") % {"clause": clause}


def count_words(sentence: str) -> int:
    return len(sentence.split())


def plain_points(points: int) -> str:
    """Thousandths as a number to read: 12000 is “12”, 12500 “12.5”."""
    whole, rest = divmod(abs(points), 1000)
    sign = "−" if points < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03d}".rstrip("0") if rest else "")


def signed_points(points: int) -> str:
    return plain_points(points) if points < 0 else f"+{plain_points(points)}"


def condition_clause(condition: Condition, kinds: Mapping[str, Kind]) -> str:
    """The condition without capital and full stop."""
    match condition:
        case AllOf(parts):
            return _(" and ").join(_inner(part, kinds) for part in parts)
        case AnyOf(parts):
            return _(" or ").join(_inner(part, kinds) for part in parts)
        case Not(part):
            return _negation(part, kinds)
        case SignalCount():
            return _acts(condition, kinds)
        case DistinctCount(of, codes, at_least, within):
            acts = join_names(codes, kinds)
            return f"{acts} ({_(_DISTINCT[of]) % {'n': at_least}}){_window(within)}"
        case DateAhead(attribute, days):
            return _("%(fact)s within %(n)d days") % {"fact": _label(attribute), "n": days}
        case DatePassed(attribute, None):
            return _("%(fact)s has passed") % {"fact": _label(attribute)}
        case DatePassed(attribute, days):
            return _("%(fact)s passed within %(n)d days") % {"fact": _label(attribute), "n": days}
        case _:
            return _fact(condition)


_DISTINCT = {
    "kinds": "at least %(n)d different acts",
    "topics": "at least %(n)d topics",
    "days": "on at least %(n)d days",
}


def _inner(part: Condition, kinds: Mapping[str, Kind]) -> str:
    clause = condition_clause(part, kinds)
    return f"({clause})" if isinstance(part, AllOf | AnyOf) else clause


def _fact(condition: Condition) -> str:
    match condition:
        case Equals(attribute, value):
            return _("%(fact)s is %(value)s") % {"fact": _label(attribute), "value": shown_value(value)}
        case OneOf(attribute, values):
            return _("%(fact)s is %(values)s") % {
                "fact": _label(attribute),
                "values": _either(map(shown_value, values)),
            }
        case Between(attribute, at_least, None):
            return _("%(fact)s is at least %(n)d") % {"fact": _label(attribute), "n": at_least}
        case Between(attribute, None, at_most):
            return _("%(fact)s is at most %(n)d") % {"fact": _label(attribute), "n": at_most}
        case Between(attribute, at_least, at_most):
            ends = {"fact": _label(attribute), "low": at_least, "high": at_most}
            return _("%(fact)s is %(low)d to %(high)d") % ends
        case Mentions(attribute, words):
            quoted = _either(f"“{word}”" for word in words)
            return _("%(fact)s mentions %(words)s") % {"fact": _label(attribute), "words": quoted}
        case Known(attribute):
            return _("%(fact)s is known") % {"fact": _label(attribute)}
        case IsTrue(attribute):
            return _label(attribute)
    raise TypeError(f"No words for {condition!r}.")


def _negation(part: Condition, kinds: Mapping[str, Kind]) -> str:
    match part:
        case Known(attribute):
            return _("%(fact)s is unknown") % {"fact": _label(attribute)}
        case DatePassed(attribute, None):
            return _("%(fact)s has not passed") % {"fact": _label(attribute)}
        case _:
            return _("not: %(clause)s") % {"clause": _inner(part, kinds)}


def _acts(condition: SignalCount, kinds: Mapping[str, Kind]) -> str:
    clause = join_names(condition.kinds, kinds)
    if condition.topics:
        clause += _(" about %(topics)s") % {"topics": _either(condition.topics)}
    if condition.minimum_value is not None:
        measure = next((_MEASURES[code] for code in condition.kinds if code in _MEASURES), "%(n)d")
        clause += _(" (at least %(measure)s)") % {"measure": measure % {"n": condition.minimum_value}}
    if condition.at_least > 1:
        clause += _(" at least %(n)d times") % {"n": condition.at_least}
    return clause + _window(condition.within_days)


def _window(within_days: int | None) -> str:
    if within_days is None:
        return ""
    if within_days == 0:
        return _(" today")
    return _(" within %(n)d days") % {"n": within_days}


def join_names(codes: Iterable[str], kinds: Mapping[str, Kind]) -> str:
    return _either(name[:1].lower() + name[1:] for name in (kinds[code].name for code in codes))


def _label(attribute: str) -> str:
    return _(ATTRIBUTES[attribute].label)


def shown_value(value: str | int) -> str:
    text = str(value)
    return _SHORTEST_VALUES.get(text) or (text.upper() if len(text) == 2 and text.isalpha() else text)


def _either(texts: Iterable[str]) -> str:
    *first, last = texts
    return _("%(list)s or %(last)s") % {"list": ", ".join(first), "last": last} if first else last
