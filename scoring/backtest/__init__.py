"""The past under other rules: what a draft would have done to the leads that sales has answered."""

from .apart import ask_backtest, ask_flips, get_ready
from .comparing import list_flips, run_backtest
from .packing import forget_texts, pack_cases, pack_everything, waiting
from .proving import PastProof, prove_cases
from .recording import Label, NewCase, label_cases, mark_changed, open_cases, take_cases_back
from .report import Backtest, Caution, Changes, Flip, Group, Half, Part, Scope, Share, TierFlow, Unobservable

__all__ = [
    "Backtest",
    "Caution",
    "Changes",
    "Flip",
    "Group",
    "Half",
    "Label",
    "NewCase",
    "Part",
    "PastProof",
    "Scope",
    "Share",
    "TierFlow",
    "Unobservable",
    "ask_backtest",
    "ask_flips",
    "forget_texts",
    "get_ready",
    "label_cases",
    "list_flips",
    "mark_changed",
    "open_cases",
    "pack_cases",
    "pack_everything",
    "prove_cases",
    "run_backtest",
    "take_cases_back",
    "waiting",
]
