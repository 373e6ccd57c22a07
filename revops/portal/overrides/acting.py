"""Who acts on a lead follows an override while it lasts, and its own tier again afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from leads.lifecycle import Stage
from leads.transitions import Move, move_leads
from revops.foundation.models import User
from revops.portal import journey
from scoring.models import LeadScore, TierOverride
from scoring.overrides import end_overrides, grant_overrides, settle_overrides
from sla.handoffs import HandOffAnswer, answer_handoffs, latest_handoffs
from sla.models import HandOff

KIND = "override"


def grant(
    lead_ids: Sequence[UUID], tier: int, reason: str, author: User, expires_at: datetime, now: datetime
) -> list[TierOverride]:
    """Grants overrides and lets the right team have the leads at once. Raises OverrideRefused.

    Tier 1 hands a lead to sales as any tier 1; what sales rejected still needs a new act. Another tier takes back what
    sales has not answered yet; what it accepted stays its own.
    """
    with transaction.atomic():
        granted = grant_overrides(lead_ids, tier, reason, author, expires_at, now)
        causes = {override.lead_id: str(override.pk) for override in granted}
        if tier == 1:
            journey.reconsider(causes, KIND, now=now)
        else:
            _take_back(list(latest_handoffs(lead_ids).values()), causes, author.pk, now)
        return granted


def end(override: TierOverride, now: datetime) -> bool:
    """Ends an override early; says whether it was still in force."""
    with transaction.atomic():
        ended = end_overrides([override], now)
        settle(now=now)
        return bool(ended)


def settle(*, now: datetime) -> int:
    """The sweep: leads whose override ended go to the team that their own tier says. Returns how many."""
    with transaction.atomic():
        over = {override.lead_id: override for override in settle_overrides(now)}
        causes = {lead_id: str(override.pk) for lead_id, override in over.items()}
        journey.reconsider(causes, KIND, now=now)
        ready = set(LeadScore.objects.filter(lead_id__in=over, tier=1).values_list("lead_id", flat=True))
        lent = {pk: override for pk, override in over.items() if override.tier == 1 and pk not in ready}
        handoffs = [
            handoff
            for lead_id, handoff in latest_handoffs(list(lent)).items()
            if handoff.handed_off_at >= lent[lead_id].created_at
        ]
        by = {lead_id: override.author_id for lead_id, override in lent.items()}
        for handoff in handoffs:
            _take_back([handoff], causes, by[handoff.lead_id], now)
        return len(over)


def _take_back(handoffs: Sequence[HandOff], causes: dict[UUID, str], by_id: UUID, now: datetime) -> None:
    """Unanswered hand-offs become marketing's again; nobody's turn or promise suffers."""
    waiting = [handoff for handoff in handoffs if handoff.state == "open"]
    answers = [HandOffAnswer(handoff.pk, "withdrawn", by_id, now, gives_turn_back=True) for handoff in waiting]
    won = set(answer_handoffs(answers, now=now).won)
    move_leads(
        [
            Move(handoff.lead_id, Stage.HANDED_OFF, Stage.NURTURE, now, KIND, causes.get(handoff.lead_id, ""))
            for handoff in waiting
            if handoff.pk in won
        ],
        now=now,
    )
