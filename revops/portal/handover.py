"""Decides which scored leads go to sales now, and with what: the step between scoring and routing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from leads.lifecycle import SALES_STAGES, Stage
from leads.models import Lead, Signal
from leads.people import details_missing
from leads.transitions import Move
from scoring.qualification import Qualification
from sla.handoffs import HandOffRequest
from sla.models import HandOff

MOST_REJECTIONS = 3
"""A lead that sales rejected this often stays with marketing, whatever it does."""

_WAITING = (Stage.NEW, Stage.NURTURE, Stage.REJECTED)


def requests_for(
    qualified: Sequence[Qualification],
    as_of: Mapping[UUID, datetime],
    causes: Mapping[UUID, str],
    cause_kind: str,
    *,
    not_before: datetime | None = None,
) -> list[HandOffRequest]:
    """Hand-off requests for the leads that sales should act on and that are not with sales yet.

    That is tier 1, or what a person's override says while it is in force. What sales gave back, rejected or returned to
    nurture, comes again only with a hand-raise or another strong act since, and at most MOST_REJECTIONS times after a
    rejection. One query if any lead is tier 1, else none. What was held up is handed off at `not_before`: the time
    before is not the rep's.
    """
    ready = {q.lead_id: q for q in qualified if q.acting_tier == 1}
    if not ready:
        return []
    new_act = Signal.objects.filter(
        lead=OuterRef("pk"), received_at__gt=OuterRef("stage_at"), kind__strength__in=["hand_raise", "high"]
    )
    leads = (
        Lead.objects.filter(pk__in=ready, stage__in=_WAITING, is_history=False, rejections__lt=MOST_REJECTIONS)
        .select_related("person", "account")
        .annotate(
            has_new_act=Exists(new_act),
            was_given_back=Exists(HandOff.objects.filter(lead=OuterRef("pk"))),
            account_owner_id=F("account__owner_id"),
            source_key=F("source__key"),
        )
        .order_by("received_at", "pk")
    )
    return [
        HandOffRequest(
            lead_id=lead.pk,
            from_stage=lead.stage,
            tier=1,
            priority=ready[lead.pk].priority,
            qualified_at=as_of[lead.pk],
            at=max(as_of[lead.pk], not_before or as_of[lead.pk]),
            account_id=lead.account_id,
            account_owner_id=lead.account_owner_id,
            country=lead.person.country or (lead.account.country if lead.account else ""),
            score_decision_id=ready[lead.pk].decision_id,
            details_complete=not details_missing(lead),
            cause_kind=cause_kind,
            cause_id=causes.get(lead.pk, ""),
            employees=lead.account.employees if lead.account else None,
            source=lead.source_key,
            industry=lead.account.industry if lead.account else "",
            language=str(lead.attributes.get("language") or ""),
        )
        for lead in leads
        if not lead.was_given_back or (causes.get(lead.pk) and (lead.has_new_act or _is_excepted(lead, cause_kind)))
    ]


def _is_excepted(lead: Lead, cause_kind: str) -> bool:
    """Whether an override, begun or ended, is the new reason; it never brings back what sales rejected."""
    return cause_kind == "override" and lead.stage != Stage.REJECTED


def nurture_moves(
    qualified: Sequence[Qualification],
    as_of: Mapping[UUID, datetime],
    causes: Mapping[UUID, str],
    cause_kind: str,
) -> list[Move]:
    """Moves of new leads that are not ready: marketing keeps them."""
    return [
        Move(q.lead_id, Stage.NEW, Stage.NURTURE, as_of[q.lead_id], cause_kind, causes.get(q.lead_id, ""))
        for q in qualified
        if q.acting_tier != 1 and q.previous_tier is None
    ]


def completed(lead_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these leads are with sales and have all the details sales needs. One query if there are any."""
    ids = list(lead_ids)
    if not ids:
        return []
    leads = Lead.objects.filter(pk__in=ids, stage__in=SALES_STAGES).select_related("person")
    return [lead.pk for lead in leads if not details_missing(lead)]
