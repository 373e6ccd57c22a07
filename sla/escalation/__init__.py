"""Escalation: takes the steps of the ladder that are due, and keeps the ladders.

Who is told comes back to the caller, who writes the messages in the same transaction: a step and its message are one.
"""

from sla.escalation.ladders import Ladder, ladders_of, save_backup, save_ladder
from sla.escalation.running import RunningPromise
from sla.escalation.taking import StepTaken, escalate_due, escalations_of

__all__ = [
    "Ladder",
    "RunningPromise",
    "StepTaken",
    "escalate_due",
    "escalations_of",
    "ladders_of",
    "save_backup",
    "save_ladder",
]
