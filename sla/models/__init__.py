"""Tables of the SLA floor: what was promised, in whose hours, by whom, and how it went."""

from .agreements import Agreement, AgreementSignature, AgreementState, Clause, ClauseSide, Measure
from .calendars import Calendar, CalendarVersion
from .clocks import Clock
from .escalation import ClockExcuse, Escalation, EscalationAction, EscalationLadder, PoolOffer, RepBackup
from .handoffs import Assignment, AssignmentKind, HandOff, HandOffState
from .people import Absence, AbsenceKind, RepProfile, RoutingBalance, TurnEntry, TurnReason

__all__ = [
    "Absence",
    "AbsenceKind",
    "Agreement",
    "AgreementSignature",
    "AgreementState",
    "Assignment",
    "AssignmentKind",
    "Calendar",
    "CalendarVersion",
    "Clause",
    "ClauseSide",
    "Clock",
    "ClockExcuse",
    "Escalation",
    "EscalationAction",
    "EscalationLadder",
    "HandOff",
    "HandOffState",
    "Measure",
    "PoolOffer",
    "RepBackup",
    "RepProfile",
    "RoutingBalance",
    "TurnEntry",
    "TurnReason",
]
