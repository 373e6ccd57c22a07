"""Tables of the scoring floor: the rules, what they decided, and what counts now."""

from .rulebooks import Rulebook, RulebookAction, RulebookChange, RulebookSignature, RulebookState, SigningSide
from .scores import LeadScore, ScoreDecision, Tier, TierOverride

__all__ = [
    "LeadScore",
    "Rulebook",
    "RulebookAction",
    "RulebookChange",
    "RulebookSignature",
    "RulebookState",
    "ScoreDecision",
    "SigningSide",
    "Tier",
    "TierOverride",
]
