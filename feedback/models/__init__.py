"""Tables of the top floor: what sales answered, what became of it, and what the weekly review decided."""

from .dispositions import Disposition, DispositionKind
from .outcomes import Outcome, OutcomeStage
from .reasons import EvidenceKind, ReasonCode, ReasonFamily, RootCause
from .reviews import Review, ReviewDecision

__all__ = [
    "Disposition",
    "DispositionKind",
    "EvidenceKind",
    "Outcome",
    "OutcomeStage",
    "ReasonCode",
    "ReasonFamily",
    "Review",
    "ReviewDecision",
    "RootCause",
]
