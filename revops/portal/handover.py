"""Decides which scored leads go to sales now, and with what: the step between scoring and routing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from leads.lifecycle import SALES_STAGES, Stage
from leads.people import DETAILS_TOLD
from leads.transitions import Move
from scoring.qualification import Qualification
from sla.handoffs import HandOffRequest

MOST_REJECTIONS = 3
"""A lead that sales rejected this often stays with marketing, whatever it does."""

_WAITING = [Stage.NEW, Stage.NURTURE, Stage.REJECTED]
_CANDIDATES = f"""
SELECT lead.id, lead.stage, lead.account_id, account.owner_id,
       COALESCE(NULLIF(person.country, ''), account.country, ''), {DETAILS_TOLD},
       account.employees, source.key, COALESCE(account.industry, ''), COALESCE(lead.attributes ->> 'language', ''),
       EXISTS (SELECT FROM sla_handoff WHERE lead_id = lead.id),
       EXISTS (SELECT FROM leads_signal signal JOIN leads_signalkind kind ON kind.id = signal.kind_id
                WHERE signal.lead_id = lead.id AND signal.received_at > lead.stage_at
                  AND kind.strength IN ('hand_raise', 'high')),
       1 = ANY(source.allowed_tiers) OR EXISTS (
              SELECT FROM leads_signal signal JOIN leads_signalkind kind ON kind.id = signal.kind_id
                JOIN leads_source asked ON asked.id = signal.source_id
               WHERE signal.lead_id = lead.id AND kind.strength = 'hand_raise' AND 1 = ANY(asked.allowed_tiers))
  FROM leads_lead lead
  JOIN leads_person person ON person.id = lead.person_id
  JOIN leads_source source ON source.id = lead.source_id
  LEFT JOIN leads_account account ON account.id = lead.account_id
 WHERE lead.id = ANY(%s) AND lead.stage = ANY(%s) AND NOT lead.is_history AND lead.rejections < %s
 ORDER BY lead.received_at, lead.id
"""  # noqa: S608 - the condition is our own
_COMPLETED = f"""
SELECT lead.id FROM leads_lead lead JOIN leads_person person ON person.id = lead.person_id
 WHERE lead.id = ANY(%s) AND lead.stage = ANY(%s) AND {DETAILS_TOLD}
"""  # noqa: S608 - the condition is our own


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
    rejection. What came from a source that does not allow tier 1 stays with marketing, until the person asks through
    one that does. One query if any lead is tier 1, else none. What was held up is handed off at `not_before`: the
    time before is not the rep's.
    """
    ready = {q.lead_id: q for q in qualified if q.acting_tier == 1}
    if not ready:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [list(ready), _WAITING, MOST_REJECTIONS])
        candidates = [_Candidate(*row) for row in cursor.fetchall()]
    return [
        HandOffRequest(
            lead_id=lead.lead_id,
            from_stage=lead.stage,
            tier=1,
            priority=ready[lead.lead_id].priority,
            qualified_at=as_of[lead.lead_id],
            at=max(as_of[lead.lead_id], not_before or as_of[lead.lead_id]),
            account_id=lead.account_id,
            account_owner_id=lead.account_owner_id,
            country=lead.country,
            score_decision_id=ready[lead.lead_id].decision_id,
            details_complete=lead.details_complete,
            cause_kind=cause_kind,
            cause_id=causes.get(lead.lead_id, ""),
            employees=lead.employees,
            source=lead.source,
            industry=lead.industry,
            language=lead.language,
        )
        for lead in candidates
        if (lead.source_allows or ready[lead.lead_id].override_tier == 1)
        and (not lead.was_given_back or (causes.get(lead.lead_id) and (lead.has_new_act or _excepts(lead, cause_kind))))
    ]


class _Candidate(NamedTuple):
    """A lead that may go to sales, and what routing asks about it."""

    lead_id: UUID
    stage: str
    account_id: UUID | None
    account_owner_id: UUID | None
    country: str
    details_complete: bool
    employees: int | None
    source: str
    industry: str
    language: str
    was_given_back: bool
    has_new_act: bool
    source_allows: bool


def _excepts(lead: _Candidate, cause_kind: str) -> bool:
    """Whether an override, begun or ended, is the new reason; it never brings back what sales rejected."""
    return cause_kind == "override" and lead.stage != Stage.REJECTED


def nurture_moves(
    qualified: Sequence[Qualification],
    requested: Collection[UUID],
    as_of: Mapping[UUID, datetime],
    causes: Mapping[UUID, str],
    cause_kind: str,
) -> list[Move]:
    """Moves of new leads that nobody asked to hand off: marketing keeps them."""
    return [
        Move(q.lead_id, Stage.NEW, Stage.NURTURE, as_of[q.lead_id], cause_kind, causes.get(q.lead_id, ""))
        for q in qualified
        if q.previous_tier is None and q.lead_id not in requested
    ]


def completed(lead_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these leads are with sales and have all the details sales needs. One query if there are any."""
    ids = list(lead_ids)
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETED, [ids, list(SALES_STAGES)])
        return [lead_id for (lead_id,) in cursor.fetchall()]
