"""What sources and campaigns cost and brought: the one definition of spend, its shares, and cost per accepted lead.

A month's spend belongs to the leads received in that month. What was stated for a campaign is the campaign's; what was
stated for a source as a whole is shared among its campaigns (and the leads without one) by their leads of the month.
A lead counts as accepted if sales accepted any hand-off of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from leads.money import units_of


@dataclass(frozen=True, slots=True)
class Yield:
    """What came and what it cost. `spend` is in the reporting currency, None where nobody stated any."""

    leads: int = 0
    handed_off: int = 0
    accepted: int = 0
    rejected: int = 0
    spend: float | None = None

    @property
    def answered(self) -> int:
        return self.accepted + self.rejected

    @property
    def cost(self) -> float | None:
        """Cost per accepted lead; None if nothing was stated or nothing accepted."""
        return self.spend / self.accepted if self.spend is not None and self.accepted else None

    def __add__(self, other: Yield) -> Yield:
        known = [spend for spend in (self.spend, other.spend) if spend is not None]
        return Yield(
            self.leads + other.leads, self.handed_off + other.handed_off, self.accepted + other.accepted,
            self.rejected + other.rejected, sum(known) if known else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Booked:
    """The yield of one campaign (None: leads of the source without one) in one month."""

    source_id: UUID
    campaign_id: UUID | None
    month_on: date
    yielded: Yield


def book_months(first: date, after: date, zone: ZoneInfo) -> list[Booked]:
    """Every source, campaign and month with leads or spend, from the month of `first` until before `after`. One query.

    Both are first days of months in the organisation's zone.
    """
    values: dict[str, Any] = {
        "start": datetime.combine(first, time(), zone), "end": datetime.combine(after, time(), zone),
        "first": first, "after": after, "zone": str(zone), "in": settings.REPORTING_CURRENCY,
        "units": units_of(settings.REPORTING_CURRENCY),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, values)
        return [
            Booked(source, campaign, month, Yield(leads, handed_off, accepted, rejected, _money(spend)))
            for source, campaign, month, leads, handed_off, accepted, rejected, spend in cursor.fetchall()
        ]


def yields_by(booked: Iterable[Booked], key: Callable[[Booked], Any]) -> Mapping[Any, Yield]:
    """The booked yields added up by what `key` says."""
    found: dict[Any, Yield] = {}
    for row in booked:
        found[key(row)] = found.get(key(row), Yield()) + row.yielded
    return found


def _money(spend: Any) -> float | None:
    return None if spend is None else float(spend)


_BOOKED = """
WITH received AS (
    SELECT lead.source_id, lead.campaign_id,
           date_trunc('month', lead.received_at AT TIME ZONE %(zone)s)::date AS month_on, count(*) AS leads,
           count(*) FILTER (WHERE answer.handed_off) AS handed_off,
           count(*) FILTER (WHERE answer.accepted) AS accepted,
           count(*) FILTER (WHERE answer.rejected AND NOT answer.accepted) AS rejected
    FROM leads_lead lead
    LEFT JOIN LATERAL (
        SELECT true AS handed_off, bool_or(handoff.state = 'accepted') AS accepted,
               bool_or(handoff.state = 'rejected') AS rejected
        FROM sla_handoff handoff WHERE handoff.lead_id = lead.id HAVING count(*) > 0
    ) answer ON true
    WHERE lead.received_at >= %(start)s AND lead.received_at < %(end)s
      AND NOT lead.is_history AND lead.withdrawn_at IS NULL
    GROUP BY 1, 2, 3
), stated AS (
    SELECT source_id, campaign_id, month_on, sum(amount_minor) / %(units)s::numeric AS amount
    FROM leads_spend WHERE month_on >= %(first)s AND month_on < %(after)s AND currency = %(in)s GROUP BY 1, 2, 3
), spent AS (
    SELECT source_id, campaign_id, month_on, amount FROM stated WHERE campaign_id IS NOT NULL
    UNION ALL
    SELECT stated.source_id, received.campaign_id, stated.month_on,
           stated.amount * received.leads / sum(received.leads) OVER (PARTITION BY stated.source_id, stated.month_on)
    FROM stated JOIN received USING (source_id, month_on) WHERE stated.campaign_id IS NULL
    UNION ALL
    SELECT source_id, NULL, month_on, amount FROM stated
    WHERE campaign_id IS NULL AND NOT EXISTS (SELECT FROM received WHERE received.source_id = stated.source_id
                                                 AND received.month_on = stated.month_on)
)
SELECT source_id, campaign_id, month_on, sum(leads)::int, sum(handed_off)::int, sum(accepted)::int, sum(rejected)::int,
       sum(amount)
FROM (
    SELECT source_id, campaign_id, month_on, leads, handed_off, accepted, rejected, NULL::numeric AS amount
    FROM received
    UNION ALL
    SELECT source_id, campaign_id, month_on, 0, 0, 0, 0, amount FROM spent
) every
GROUP BY 1, 2, 3
"""
