"""Tables of the top floor: what sales answered, what became of it, and what the weekly review decided."""

from .changed_days import ChangedDay, FactKind
from .contests import Contest, ContestAbout, ContestVerdict, CorrectedExample
from .dispositions import Disposition, DispositionKind
from .gaps import GapAnswer, GapAnswerKind
from .outcomes import Outcome, OutcomeStage
from .promises import Finding, HuddleAttendance, NurturePeriod, PerformanceReport
from .reasons import EvidenceKind, ReasonCode, ReasonFamily, RootCause
from .reviews import Review, ReviewDecision
from .talk_tracks import TalkTrack, TalkTrackVote
from .tracks import NurtureTrack

__all__ = [
    "ChangedDay",
    "Contest",
    "ContestAbout",
    "ContestVerdict",
    "CorrectedExample",
    "Disposition",
    "DispositionKind",
    "EvidenceKind",
    "FactKind",
    "Finding",
    "GapAnswer",
    "GapAnswerKind",
    "HuddleAttendance",
    "NurturePeriod",
    "NurtureTrack",
    "Outcome",
    "OutcomeStage",
    "PerformanceReport",
    "ReasonCode",
    "ReasonFamily",
    "Review",
    "ReviewDecision",
    "RootCause",
    "TalkTrack",
    "TalkTrackVote",
]
