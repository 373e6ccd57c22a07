"""Which UTM values belong to a campaign: patterns with *, written one rule a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from leads.cleaning import UTM_FACTS

MOST_RULES = 50
LONGEST_PATTERN = 200

Rule = Mapping[str, str]
"""UTM name → pattern; all must hold."""


class BadRule(ValueError):
    """The words say which line cannot be read, and how to write it."""


def read_rules(text: str) -> list[dict[str, str]]:
    """Rules from text, one a line: “utm_campaign=spring-* utm_medium=email”. A bare word is the utm_campaign."""
    rules = [_read_line(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(rules) > MOST_RULES:
        raise BadRule(f"These are {len(rules)} rules; {MOST_RULES} are the most. A * stands for any text.")
    return rules


def check_rules(rules: object) -> list[dict[str, str]]:
    """Rules that came as data, in one form. Raises BadRule."""
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadRule("Send a list of objects like {“utm_campaign”: “spring-*”}.")
    lines = []
    for rule in rules:
        for pattern in rule.values():
            if not isinstance(pattern, str) or any(letter.isspace() for letter in pattern.strip()):
                raise BadRule("A pattern is text without spaces; * stands for any text.")
        lines.append(" ".join(f"{name}={pattern.strip()}" for name, pattern in rule.items()) or "=")
    return read_rules("\n".join(lines))


def write_rules(rules: Sequence[Rule]) -> str:
    """The rules as people type them."""
    return "\n".join(" ".join(f"{name}={rule[name]}" for name in UTM_FACTS if name in rule) for rule in rules)


def closeness(rules: Sequence[Rule], utm: Mapping[str, str]) -> int:
    """How closely the best rule fits: the letters it names, a little more for each condition; 0 if none fits."""
    return max((_closeness(rule) for rule in rules if _fits(rule, utm)), default=0)


def _read_line(number: int, line: str) -> dict[str, str]:
    rule: dict[str, str] = {}
    for word in line.split():
        name, equals, pattern = word.partition("=")
        if not equals:
            name, pattern = "utm_campaign", word
        name = name.casefold()
        name = name if name.startswith("utm_") else f"utm_{name}"
        if name not in UTM_FACTS:
            raise BadRule(f"Line {number}: “{word}” names no UTM value. Use {', '.join(UTM_FACTS)}.")
        if not pattern.replace("*", "") or len(pattern) > LONGEST_PATTERN:
            raise BadRule(f"Line {number}: {name} needs up to {LONGEST_PATTERN} letters; * is any text.")
        if name in rule:
            raise BadRule(f"Line {number}: {name} stands there twice. Write alternatives on lines of their own.")
        rule[name] = pattern
    return rule


def _closeness(rule: Rule) -> int:
    return sum(10 + len(pattern.replace("*", "")) for pattern in rule.values())


def _fits(rule: Rule, utm: Mapping[str, str]) -> bool:
    return bool(rule) and all(_pattern(pattern).fullmatch(utm.get(name, "").strip()) for name, pattern in rule.items())


@lru_cache(maxsize=2_048)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)
