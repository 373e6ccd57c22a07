"""Territory and segment rules: which leads go to which teams and people, in one sentence each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

MOST_RULES = 100
MOST_VALUES = 250


class RuleError(ValueError):
    """A rule cannot be read; the message says what to write instead."""


class Segment(StrEnum):
    """Companies by size, where nobody wants to name numbers."""

    SMALL = "small"
    MID = "mid"
    ENTERPRISE = "enterprise"


SEGMENTS: Mapping[Segment, tuple[int, int | None]] = {
    Segment.SMALL: (1, 49),
    Segment.MID: (50, 999),
    Segment.ENTERPRISE: (1000, None),
}
"""From and to how many employees, both included."""

SEGMENT_WORDS = {
    Segment.SMALL: gettext_lazy("small (up to 49 employees)"),
    Segment.MID: gettext_lazy("mid-size (50 to 999)"),
    Segment.ENTERPRISE: gettext_lazy("enterprise (1,000 and more)"),
}


class Otherwise(StrEnum):
    """What happens to a lead of a rule if none of its people can take it."""

    NEXT = "next"
    WAIT = "wait"


class LeadFacts(NamedTuple):
    """What rules may ask about a lead. Empty texts and None are unknown, and unknown fits no condition."""

    country: str = ""
    employees: int | None = None
    source: str = ""
    industry: str = ""
    language: str = ""
    tier: int = 0

    @property
    def segment(self) -> str:
        if self.employees is None:
            return ""
        return next((key for key, (low, high) in SEGMENTS.items() if self.employees >= low
                     and (high is None or self.employees <= high)), "")  # fmt: skip


TEXT_CONDITIONS: Mapping[str, Callable[[LeadFacts], str]] = {
    "country": lambda facts: facts.country,
    "segment": lambda facts: facts.segment,
    "industry": lambda facts: facts.industry.casefold(),
    "language": lambda facts: facts.language,
    "source": lambda facts: facts.source,
    "tier": lambda facts: str(facts.tier),
}
"""Conditions that ask for one of some values, and what they ask."""


@dataclass(frozen=True, slots=True)
class TerritoryRule:
    """One rule: leads that meet every condition go to the people of `teams` and to `people`."""

    key: str
    name: str
    is_on: bool
    wanted: Mapping[str, frozenset[str]]
    employees_from: int | None
    employees_to: int | None
    teams: frozenset[UUID]
    people: frozenset[UUID]
    otherwise: Otherwise = Otherwise.NEXT
    _tests: tuple[tuple[Callable[[LeadFacts], str], frozenset[str]], ...] = field(default=(), repr=False)

    def matches(self, facts: LeadFacts) -> bool:
        """Whether a lead meets every condition; a rule without conditions takes every lead."""
        if any(read(facts) not in values for read, values in self._tests):
            return False
        if self.employees_from is None and self.employees_to is None:
            return True
        if facts.employees is None:
            return False
        return (self.employees_from or 0) <= facts.employees and (
            self.employees_to is None or facts.employees <= self.employees_to
        )

    def takes(self, user_id: UUID, team_id: UUID | None) -> bool:
        """Whether somebody is among those the rule sends its leads to."""
        return user_id in self.people or (team_id is not None and team_id in self.teams)


def read_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[TerritoryRule, ...]:
    """Rules as they are stored, in their order. Raises RuleError with words for whoever writes them.

    `{"key": "dach", "name": "DACH", "is_on": true, "when": {"country": ["DE", "AT"], "employees": {"from": 50, "to":
    999}}, "teams": ["0190…"], "people": [], "otherwise": "next"}`
    """
    if len(rules) > MOST_RULES:
        raise RuleError(_("At most %(n)s rules: nobody can keep more in mind.") % {"n": MOST_RULES})
    read = tuple(_read(rule) for rule in rules)
    for rule in read:
        if sum(1 for other in read if other.key == rule.key) > 1:
            raise RuleError(_("Two rules are called “%(key)s”. Give each its own key.") % {"key": rule.key})
    return read


def _read(rule: Mapping[str, Any]) -> TerritoryRule:
    name = str(rule.get("name", "")).strip()
    if not name:
        raise RuleError(_("Give the rule a name, like “DACH mid-size”."))
    when = rule.get("when") or {}
    for unknown in set(when) - {*TEXT_CONDITIONS, "employees"}:
        raise RuleError(_("“%(name)s” asks for “%(what)s”, which no rule can ask.") % {"name": name, "what": unknown})
    wanted = {key: _values(name, key, when[key]) for key in TEXT_CONDITIONS if when.get(key)}
    size = when.get("employees") or {}
    low, high = size.get("from"), size.get("to")
    if low is not None and high is not None and low > high:
        raise RuleError(_("“%(name)s”: the smallest size is above the largest.") % {"name": name})
    teams, people = (frozenset(_ids(name, rule.get(part) or ())) for part in ("teams", "people"))
    if not teams and not people:
        raise RuleError(_("“%(name)s” sends leads to nobody. Choose a team or people.") % {"name": name})
    try:
        otherwise = Otherwise(rule.get("otherwise") or Otherwise.NEXT)
    except ValueError:
        raise RuleError(_("“%(name)s”: if nobody can take it, say “next” or “wait”.") % {"name": name}) from None
    return TerritoryRule(
        key=str(rule.get("key") or name)[:60],
        name=name[:80],
        is_on=bool(rule.get("is_on", True)),
        wanted=wanted,
        employees_from=low,
        employees_to=high,
        teams=teams,
        people=people,
        otherwise=otherwise,
        _tests=tuple((TEXT_CONDITIONS[key], values) for key, values in wanted.items()),
    )


def _values(name: str, key: str, values: Any) -> frozenset[str]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) > MOST_VALUES:
        raise RuleError(_("“%(name)s”: list the values of “%(what)s”.") % {"name": name, "what": key})
    texts = {str(value).strip() for value in values}
    if key == "industry":
        texts = {text.casefold() for text in texts}
    if key == "segment" and not texts <= {segment.value for segment in Segment}:
        raise RuleError(_("“%(name)s”: segments are small, mid and enterprise.") % {"name": name})
    return frozenset(texts)


def _ids(name: str, values: Sequence[Any]) -> list[UUID]:
    try:
        return [value if isinstance(value, UUID) else UUID(str(value)) for value in values]
    except ValueError:
        raise RuleError(_("“%(name)s” names somebody who does not exist.") % {"name": name}) from None


@dataclass(frozen=True, slots=True)
class Names:
    """How ids and codes sound: of teams and people by id, of countries, sources and languages by code."""

    teams: Mapping[UUID, str] = field(default_factory=dict)
    people: Mapping[UUID, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)


def rule_sentence(rule: TerritoryRule, names: Names) -> str:
    """One rule as a person would say it."""
    what = " ".join(filter(None, (_conditions(rule, names),))) or _("All other leads")
    targets = [_("team %(name)s") % {"name": names.teams.get(team, _("(gone)"))}
               for team in sorted(rule.teams, key=str)]  # fmt: skip
    targets += sorted(names.people.get(person, _("(gone)")) for person in rule.people)
    sentence = _("%(what)s go to %(who)s.") % {"what": what, "who": _listed(targets, _("and"))}
    if rule.otherwise is Otherwise.WAIT:
        return sentence + " " + _("If none of them can take it, it waits.")
    return sentence + " " + _("If none of them can take it, the next rule decides.")


def _conditions(rule: TerritoryRule, names: Names) -> str:
    """ "Leads from Germany or Austria with 50 to 999 employees"; empty for a rule without conditions."""
    parts: list[str] = []
    wanted = rule.wanted
    if "tier" in wanted:
        parts.append(_("of tier %(values)s") % {"values": _or(wanted["tier"], {})})
    if "country" in wanted:
        parts.append(_("from %(values)s") % {"values": _or(wanted["country"], names.countries)})
    if "segment" in wanted:
        words = {segment.value: str(words) for segment, words in SEGMENT_WORDS.items()}
        parts.append(_("from companies that are %(values)s") % {"values": _or(wanted["segment"], words)})
    if size := _size(rule):
        parts.append(size)
    if "industry" in wanted:
        parts.append(_("in %(values)s") % {"values": _or(wanted["industry"], {})})
    if "language" in wanted:
        parts.append(_("who speak %(values)s") % {"values": _or(wanted["language"], names.languages)})
    if "source" in wanted:
        parts.append(_("through %(values)s") % {"values": _or(wanted["source"], names.sources)})
    return f"{_('Leads')} {', '.join(parts)}" if parts else ""


def _size(rule: TerritoryRule) -> str:
    low, high = rule.employees_from, rule.employees_to
    if low is not None and high is not None:
        return _("with %(low)s to %(high)s employees") % {"low": f"{low:,}", "high": f"{high:,}"}
    if low is not None:
        return ngettext("with at least %(n)s employee", "with at least %(n)s employees", low) % {"n": f"{low:,}"}
    if high is not None:
        return ngettext("with at most %(n)s employee", "with at most %(n)s employees", high) % {"n": f"{high:,}"}
    return ""


def _or(values: frozenset[str], names: Mapping[str, str]) -> str:
    return _listed(sorted(names.get(value, value) for value in values), _("or"))


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
