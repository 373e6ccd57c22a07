"""What can be contested by whom, what can be wrong with it, and who judges. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DECIDED_WITHIN = timedelta(hours=8)
"""Business time for a verdict where the agreement in effect has no clause about contests."""

MARKETING, SALES = "marketing", "sales"
OTHER = {MARKETING: SALES, SALES: MARKETING}

SIDES: Mapping[str, frozenset[str]] = {
    "score": frozenset({SALES, MARKETING}),
    "tier": frozenset({SALES, MARKETING}),
    "route": frozenset({SALES}),
    "breach": frozenset({SALES, MARKETING}),
    "duplicate": frozenset({SALES, MARKETING}),
    "rejection": frozenset({MARKETING}),
}
"""Which team can contest what. A breach only by the side whose promise it was."""

WRONGS: Mapping[str, tuple[tuple[str, str | Promise], ...]] = {
    "score": (
        ("wrong_fact", _("A fact about this lead is wrong")),
        ("not_an_interest", _("What they did shows no interest")),
        ("missed_act", _("Something they did is missing")),
        ("rule_misjudges", _("The rule misjudges leads like this")),
    ),
    "tier": (
        ("too_high", _("The tier is too high")),
        ("too_low", _("The tier is too low")),
        ("no_hand_raise", _("They did not ask for sales")),
    ),
    "route": (
        ("other_owner", _("The account belongs to somebody else")),
        ("other_territory", _("It is outside my territory")),
        ("was_absent", _("I was away")),
        ("over_capacity", _("I had more work than agreed")),
    ),
    "breach": (
        ("done_elsewhere", _("It was done in time, elsewhere")),
        ("buyer_asked", _("The buyer asked for a later time")),
        ("arrived_incomplete", _("It arrived late or incomplete")),
        ("clock_wrong", _("The clock counted wrongly")),
    ),
    "duplicate": (
        ("other_person", _("This is another person")),
        ("other_company", _("This is another company")),
    ),
    "rejection": (
        ("met_criteria", _("It met all agreed criteria")),
        ("wrong_reason", _("The reason does not fit")),
        ("never_tried", _("Nobody tried to reach them")),
        ("evidence_wrong", _("The evidence is not right")),
    ),
}
"""What can be wrong, by what is contested: a code and its words."""


def wrong_label(about: str, wrong: str) -> str:
    return str(dict(WRONGS[about]).get(wrong, wrong))


def side_of(role: str) -> str:
    """Whose contest somebody of this role opens; empty for those who are of neither team."""
    if role in ("rep", "sales_manager"):
        return SALES
    return MARKETING if role in ("marketer", "marketing_manager") else ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might judge: role, how many contests they have open, since when they are here, and absences now."""

    user_id: UUID
    role: str
    open_contests: int
    joined_at: datetime
    is_absent: bool


JUDGES: Mapping[str, tuple[str, ...]] = {
    SALES: ("sales_manager",),
    MARKETING: ("marketing_manager", "marketer"),
}
"""Who judges for a side, the first role that has somebody present before the next. An admin stands in for all."""


def choose_judge(candidates: Sequence[Candidate], side: str, never: Sequence[UUID | None]) -> tuple[UUID, str] | None:
    """The judge of `side` and the words why; never one of `never`, nor somebody absent. None if nobody is there.

    Managers first, then marketers, then a RevOps admin; among equals who has fewest contests open, then who is here
    longest.
    """
    there = [one for one in candidates if one.user_id not in never and not one.is_absent]
    for rank, role in enumerate((*JUDGES[side], "admin")):
        ready = sorted(
            (one for one in there if one.role == role),
            key=lambda one: (one.open_contests, one.joined_at, one.user_id),
        )
        if ready:
            return ready[0].user_id, _why(role, rank, len(ready))
    return None


def _why(role: str, rank: int, ready: int) -> str:
    if role == "admin":
        return str(_("Nobody of the other team is here, so an admin judges"))
    if rank:
        return str(_("The other team's managers are away; fewest contests open"))
    return str(_("Manager of the other team") if ready == 1 else _("Manager of the other team; fewest contests open"))
