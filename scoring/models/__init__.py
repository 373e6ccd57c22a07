"""Tables of the scoring floor: the rules, what they decided, and what counts now."""

from .cases import Case, CaseAnswer, CaseChunk, CaseColumn, CaseKind, CaseMark, CaseResult
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
from .scores import AccountMark, LeadScore, ScoreDecision, Tier, TierOverride
from .shadows import ReplayProof, ShadowDecision, ShadowEnd, ShadowRun

__all__ = [
    "AccountMark",
    "Case",
    "CaseAnswer",
    "CaseChunk",
    "CaseColumn",
    "CaseKind",
    "CaseMark",
    "CaseResult",
    "KindVerdict",
    "LeadScore",
    "ReasonMark",
    "ReplayProof",
    "Rulebook",
    "RulebookAction",
    "RulebookChange",
    "RulebookEffect",
    "RulebookRevision",
    "RulebookSignature",
    "RulebookState",
    "ScoreDecision",
    "ShadowDecision",
    "ShadowEnd",
    "ShadowRun",
    "SigningSide",
    "Tier",
    "TierOverride",
]
