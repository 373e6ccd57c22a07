"""Hand-offs: giving leads to sales, what happens while they wait, and the answers."""

from .answers import AnswerResult, HandOffAnswer, answer_handoffs, latest_handoffs, reopen_handoffs
from .giving import HandOffRequest, complete_details, hand_off_leads
from .uniting import end_merged, resume_parted
from .waiting import (
    Snoozed,
    give_up_handoffs,
    reassign_handoffs,
    reroute_handoffs,
    route_waiting,
    snooze_handoffs,
    wake_handoffs,
)

__all__ = [
    "AnswerResult",
    "HandOffAnswer",
    "HandOffRequest",
    "Snoozed",
    "answer_handoffs",
    "complete_details",
    "end_merged",
    "give_up_handoffs",
    "hand_off_leads",
    "latest_handoffs",
    "reassign_handoffs",
    "reopen_handoffs",
    "reroute_handoffs",
    "resume_parted",
    "route_waiting",
    "snooze_handoffs",
    "wake_handoffs",
]
