"""What a card says of the past: other leads of the person and the company, rejections, and what happened since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from feedback.models import Disposition, DispositionKind
from leads.models import Lead, Signal
from revops.foundation.kept_queries import KeptQuery, any_of, blank
from scoring.models import ScoreDecision

RELATED_SHOWN = 40


def related_leads(lead: Lead) -> list[Lead]:
    """Other leads of the person, and of the company."""
    return _RELATED.fetch(lead=lead.pk, person=lead.person_id, account=lead.account_id)


_RELATED = KeptQuery(
    Lead.objects.shown()
    .filter(Q(person=blank("person")) | Q(account=blank("account")))
    .exclude(pk=blank("lead"))
    .select_related("person", "account", "source")
    .order_by("-received_at", "-pk")[:RELATED_SHOWN]
)


def is_earlier(other: Lead, lead: Lead) -> bool:
    return other.person_id == lead.person_id or other.received_at <= lead.received_at


def last_rejections(lead_ids: Sequence[UUID]) -> dict[UUID, Disposition]:
    """The latest rejection of each lead that was not taken back, with the version of the rules it was judged by."""
    return {row.lead_id: row for row in _REJECTIONS.fetch(leads=list(lead_ids))}


_JUDGED = ScoreDecision.objects.filter(pk=OuterRef("handoff__score_decision_id"))
_REJECTIONS = KeptQuery(
    Disposition.objects.filter(lead=any_of("leads"), kind=DispositionKind.REJECTED, undone_by__isnull=True)
    .select_related("reason", "user")
    .annotate(rulebook_version=Subquery(_JUDGED.values("rulebook__version")))
    .order_by("recorded_at", "pk")
)


def acts_since(people: Sequence[UUID], since: datetime) -> Sequence[Mapping[str, Any]]:
    return _SINCE.fetch(people=list(people), since=since)


_SINCE = KeptQuery(
    Signal.objects.filter(person=any_of("people"), received_at__gt=blank("since"))
    .values("kind__name")
    .annotate(times=Count("pk"))
    .order_by("-times", "kind__name")[:4]
)


def other_people(related: Sequence[Lead], lead: Lead) -> list[Lead]:
    """Other people of the company, the most recently active first, each once."""
    seen, group = {lead.person_id}, []
    floor = datetime.min.replace(tzinfo=timezone.get_current_timezone())
    for other in sorted(related, key=lambda other: other.last_signal_at or floor, reverse=True):
        if other.person_id not in seen:
            seen.add(other.person_id)
            group.append(other)
    return group[:5]
