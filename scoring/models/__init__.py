"""Tables of the scoring floor: the rules, what they decided, and what counts now."""

from .marks import KindVerdict, ReasonMark
from .rulebooks import (
    Rulebook,
    RulebookAction,
    RulebookChange,
    RulebookEffect,
    RulebookRevision,
    RulebookSignature,
    RulebookState,
    SigningSide,
)
from .scores import LeadScore, ScoreDecision, Tier, TierOverride

__all__ = [
    "KindVerdict",
    "LeadScore",
    "ReasonMark",
    "Rulebook",
    "RulebookAction",
    "RulebookChange",
    "RulebookEffect",
    "RulebookRevision",
    "RulebookSignature",
    "RulebookState",
    "ScoreDecision",
    "SigningSide",
    "Tier",
    "TierOverride",
]
