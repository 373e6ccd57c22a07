"""Says a rule, a disqualifier and a tier in one English sentence that sales can repeat. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from scoring.rules.conditions import Condition
from scoring.rules.definition import Disqualifier, Rule
from scoring.rules.kinds import Kind
from scoring.rules.phrases import join_names, plain_points, shown_value, signed_points
from scoring.rules.stages import StageRule


def rule_sentence(rule: Rule, kinds: Mapping[str, Kind]) -> str:
    """Like “Visited the pricing page at least 2 times within 14 days: +12 intent, halving every 14 days.”"""
    clause = condition_clause(rule.condition, kinds)
    fading = _(", halving every %(n)d days") % {"n": rule.half_life_days} if rule.half_life_days else ""
    return f"{clause[:1].upper()}{clause[1:]}: {signed_points(rule.points)} {rule.axis}{fading}."


def disqualifier_sentence(no: Disqualifier, kinds: Mapping[str, Kind]) -> str:
    clause = condition_clause(no.condition, kinds)
    return _("Not for sales: %(clause)s.") % {"clause": clause}


def stage_sentence(rule: StageRule, kinds: Mapping[str, Kind]) -> str:
    """Like “Comparing: visited the pricing page or used the ROI calculator within 45 days.”"""
    return f"{rule.stage.label}: {condition_clause(rule.condition, kinds)}."


def count_words(sentence: str) -> int:
    return len(sentence.split())


def condition_clause(condition: Condition, kinds: Mapping[str, Kind]) -> str:
    """The condition without capital and full stop."""
    return condition.clause(kinds)


__all__ = [
    "condition_clause",
    "count_words",
    "disqualifier_sentence",
    "join_names",
    "plain_points",
    "rule_sentence",
    "shown_value",
    "signed_points",
    "stage_sentence",
]
