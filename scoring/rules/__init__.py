"""The rule language: what a rulebook may say, how it is read from JSON, and how it sounds in English. Pure."""

from .attributes import ATTRIBUTES, Attribute, FactType
from .definition import AXES, POINT, Axis, Disqualifier, Rule, RulebookDefinition, TierCriteria
from .kinds import Kind
from .parsing import parse_rulebook
from .reading import InvalidRulebook, Problem
from .sentences import disqualifier_sentence, plain_points, rule_sentence, signed_points

__all__ = [
    "ATTRIBUTES",
    "AXES",
    "POINT",
    "Attribute",
    "Axis",
    "Disqualifier",
    "FactType",
    "InvalidRulebook",
    "Kind",
    "Problem",
    "Rule",
    "RulebookDefinition",
    "TierCriteria",
    "disqualifier_sentence",
    "parse_rulebook",
    "plain_points",
    "rule_sentence",
    "signed_points",
]
