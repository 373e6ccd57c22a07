"""Tries what the gate would say of a submission; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leads.cleaning import Facts, clean
from leads.gate import rules_for
from leads.hygiene import CHECKS, is_allowed, judge
from leads.models import HygieneRule


@dataclass(frozen=True, slots=True)
class Looked:
    """What one rule says of a submission: `detail` is empty where it finds nothing."""

    code: str
    sentence: str
    action: str
    detail: str
    decides: bool
    is_let_pass: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What the gate would do with a submission (action empty: it lets it in), and what each rule found."""

    action: str
    rule: str
    detail: str
    flags: tuple[str, ...]
    looked: list[Looked]
    facts: Facts

    @property
    def hits(self) -> list[Looked]:
        return [one for one in self.looked if one.detail]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What was sent and could not be read."""
        return sorted(self.facts.problems.items())


def try_submission(payload: Mapping[str, Any], *, has_external_id: bool = False) -> Trial:
    """What the gate says of this payload now, rule by rule. Two queries."""
    facts = clean(payload)
    rules = rules_for([facts.email])
    verdict = judge(facts, rules, has_external_id=has_external_id)
    sentences = dict(HygieneRule.objects.values_list("code", "sentence"))
    looked = []
    for rule in rules:
        detail = "" if rule.code == "unidentified" and has_external_id else CHECKS[rule.code](facts, rule.terms)
        passes = bool(detail and rule.allowed and is_allowed(facts, rule.allowed))
        looked.append(
            Looked(
                code=rule.code,
                sentence=sentences.get(rule.code, rule.code),
                action=rule.action,
                detail=detail,
                decides=rule.code == verdict.rule,
                is_let_pass=passes,
            )
        )
    return Trial(verdict.action, verdict.rule, verdict.detail, verdict.flags, looked, facts)
