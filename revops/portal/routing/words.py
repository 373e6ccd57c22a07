"""How the rules of territories sound: names of teams, people, countries, sources and languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale

from leads.models import Source
from leads.names import country_names
from revops.foundation.models import Team, User
from sla.territories import Names, TerritoryRule, read_rules, rule_sentence

LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "it", "ja", "nl", "no", "pl", "pt", "sv", "zh")
"""Languages that rules may name."""


@cache
def language_names() -> dict[str, str]:
    known = Locale("en").languages
    return {code: str(known.get(code, code)) for code in LANGUAGES}


def names_of(rules: Iterable[TerritoryRule]) -> Names:
    """The names that sentences of these rules need. Three queries."""
    rules = list(rules)
    people = {person for rule in rules for person in rule.people}
    return Names(
        teams=dict(Team.objects.values_list("pk", "name")),
        people=dict(User.objects.filter(pk__in=people).values_list("pk", "name")),
        countries=country_names(),
        sources=dict(Source.objects.values_list("key", "name")),
        languages=language_names(),
    )


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule on its page."""

    rule: TerritoryRule
    sentence: str
    raw: dict[str, Any]


def rows_of(rules: Sequence[dict[str, Any]]) -> list[RuleRow]:
    """Stored rules with their sentences, in their order."""
    read = read_rules(rules)
    names = names_of(read)
    return [RuleRow(rule, rule_sentence(rule, names), raw) for rule, raw in zip(read, rules, strict=True)]
