"""Leads that the rules alone would hand to sales and their source does not: how many, and a further look at them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from leads.models import Lead, Source
from leads.source_limits import SALES_TIER, WITH_MARKETING
from scoring.models import LeadScore


def kept_from_sales(sources: Iterable[Source]) -> dict[UUID, int]:
    """How many leads of each source stay with marketing though the rules say tier 1. At most one query."""
    limited = [source.pk for source in sources if SALES_TIER not in source.allowed_tiers]
    if not limited:
        return {}
    counted = _kept(limited).values("source").annotate(times=Count("pk"))
    return {row["source"]: row["times"] for row in counted.order_by()}


def look_again(source: Source, before: Iterable[int], now: datetime) -> int:
    """Lets the sweep hand off what was kept back, once a source may reach tier 1 again. Returns how many leads."""
    if SALES_TIER in before or SALES_TIER not in source.allowed_tiers:
        return 0
    waiting = _kept([source.pk]).values("pk")
    return LeadScore.objects.filter(lead_id__in=waiting).update(reevaluate_at=now)


def _kept(source_ids: list[UUID]) -> QuerySet[Lead]:
    return Lead.objects.shown().filter(
        source_id__in=source_ids, stage__in=WITH_MARKETING, is_history=False, score__tier=SALES_TIER
    )
