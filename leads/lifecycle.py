"""Which stages a lead may stand on and which moves are legal. Pure: no database, no clock."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Stage(TextChoices):
    NEW = "new", _("New")
    NURTURE = "nurture", _("Nurture")
    HANDED_OFF = "handed_off", _("Handed off")
    ACCEPTED = "accepted", _("Accepted")
    OPPORTUNITY = "opportunity", _("Opportunity")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    REJECTED = "rejected", _("Rejected")


MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.NEW: frozenset({Stage.NURTURE, Stage.HANDED_OFF}),
    Stage.NURTURE: frozenset({Stage.HANDED_OFF}),
    Stage.HANDED_OFF: frozenset({Stage.ACCEPTED, Stage.REJECTED, Stage.NURTURE}),
    Stage.ACCEPTED: frozenset({Stage.OPPORTUNITY, Stage.REJECTED, Stage.NURTURE, Stage.LOST}),
    Stage.OPPORTUNITY: frozenset({Stage.WON, Stage.LOST}),
    Stage.REJECTED: frozenset({Stage.HANDED_OFF, Stage.NURTURE}),
    Stage.WON: frozenset(),
    Stage.LOST: frozenset(),
}
"""Every legal move of a live lead; terminal stages lead nowhere."""

UNDO_MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.ACCEPTED: frozenset({Stage.HANDED_OFF}),
    Stage.REJECTED: frozenset({Stage.HANDED_OFF, Stage.ACCEPTED}),
    Stage.NURTURE: frozenset({Stage.HANDED_OFF, Stage.ACCEPTED}),
    Stage.OPPORTUNITY: frozenset({Stage.ACCEPTED}),
    Stage.WON: frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY}),
    Stage.LOST: frozenset({Stage.ACCEPTED, Stage.OPPORTUNITY}),
}
"""Moves that only the undo of a disposition, or the withdrawal of an outcome, may make."""

HISTORY_MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.NEW: frozenset(Stage) - {Stage.NEW},
    **{stage: MOVES[stage] | ({Stage.WON, Stage.LOST} - {stage}) for stage in MOVES if stage is not Stage.NEW},
    Stage.WON: frozenset(),
    Stage.LOST: frozenset(),
}
"""Moves of imported history, whose steps in between nobody wrote down."""

HISTORY_UNDO_MOVES: dict[Stage, frozenset[Stage]] = {
    stage: frozenset(before for before, after in HISTORY_MOVES.items() if stage in after) for stage in Stage
}
"""Back the way that imported history came, when its outcome is withdrawn."""

CLOSED_STAGES = (Stage.WON, Stage.LOST)
SALES_STAGES = (Stage.HANDED_OFF, Stage.ACCEPTED, Stage.OPPORTUNITY)


class IllegalMove(Exception):
    """A lead cannot move between these stages. `allowed` names where it could go."""

    def __init__(self, from_stage: str, to_stage: str, allowed: frozenset[Stage]) -> None:
        self.from_stage, self.to_stage = Stage(from_stage), Stage(to_stage)
        self.allowed = sorted(allowed)
        super().__init__(f"A lead that is {self.from_stage.label} cannot become {self.to_stage.label}.")


def moves_from(stage: str, *, is_history: bool = False, is_undo: bool = False) -> frozenset[Stage]:
    """Where a lead on `stage` may go next."""
    if is_history:
        return (HISTORY_UNDO_MOVES if is_undo else HISTORY_MOVES)[Stage(stage)]
    if is_undo:
        return UNDO_MOVES.get(Stage(stage), frozenset())
    return MOVES[Stage(stage)]


def can_move(from_stage: str, to_stage: str, *, is_history: bool = False, is_undo: bool = False) -> bool:
    return to_stage in moves_from(from_stage, is_history=is_history, is_undo=is_undo)


def check_move(from_stage: str, to_stage: str, *, is_history: bool = False, is_undo: bool = False) -> None:
    """Raises IllegalMove unless the move is in the table."""
    allowed = moves_from(from_stage, is_history=is_history, is_undo=is_undo)
    if to_stage not in allowed:
        raise IllegalMove(from_stage, to_stage, allowed)
