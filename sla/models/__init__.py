"""Tables of the SLA floor: what was promised, in whose hours, by whom, and how it went."""

from .agreements import (
    Agreement,
    AgreementRemark,
    AgreementSignature,
    AgreementState,
    Clause,
    ClauseSide,
    Measure,
    RemarkKind,
)
from .calendars import Calendar, CalendarVersion, TeamCalendar
from .clocks import Clock, ClockEvent, ClockEventKind
from .escalation import ClockExcuse, Escalation, EscalationAction, EscalationLadder, PoolOffer, RepBackup
from .handoffs import Assignment, AssignmentKind, HandOff, HandOffState
from .people import Absence, AbsenceKind, RepProfile, RosterStamp, TurnBalances, TurnEntry, TurnReason
from .routing_rules import RoutingRules

__all__ = [
    "Absence",
    "AbsenceKind",
    "Agreement",
    "AgreementRemark",
    "AgreementSignature",
    "AgreementState",
    "Assignment",
    "AssignmentKind",
    "Calendar",
    "CalendarVersion",
    "Clause",
    "ClauseSide",
    "Clock",
    "ClockEvent",
    "ClockEventKind",
    "ClockExcuse",
    "Escalation",
    "EscalationAction",
    "EscalationLadder",
    "HandOff",
    "HandOffState",
    "Measure",
    "PoolOffer",
    "RemarkKind",
    "RepBackup",
    "RepProfile",
    "RosterStamp",
    "RoutingRules",
    "TeamCalendar",
    "TurnBalances",
    "TurnEntry",
    "TurnReason",
]
