"""What sources and campaigns cost and brought: the one definition of spend, its shares, and cost per accepted lead.

A month's spend belongs to the leads received in that month. What was stated for a campaign is the campaign's; what was
stated for a source as a whole is shared among its campaigns (and the leads without one) by their leads of the month.
A lead counts as accepted if sales accepted any hand-off of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from feedback.metrics import Period
from feedback.metrics.cells import Question, answers
from feedback.models import FactKind
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
    """Every source, campaign and month with leads or spend, from the month of `first` until before `after`.

    Both are first days of months in the organisation's zone. Two queries, one more if a lead of these months changed.
    """
    received = _received(first, after, zone)
    values: dict[str, Any] = {
        "first": first, "after": after, "in": settings.REPORTING_CURRENCY,
        "units": units_of(settings.REPORTING_CURRENCY),
        **{name: [row[place] for row in received] for place, name in enumerate(_RECEIVED_COLUMNS)},
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, values)
        return [
            Booked(source, campaign, month, Yield(leads, handed_off, accepted, rejected, _money(spend)))
            for source, campaign, month, leads, handed_off, accepted, rejected, spend in cursor.fetchall()
        ]


_RECEIVED_COLUMNS = ("source_ids", "campaign_ids", "months", "leads", "handed_off", "accepted", "rejected")


def _received(first: date, after: date, zone: ZoneInfo) -> list[tuple[Any, ...]]:
    """Leads of each source, campaign and month, in the order of `_RECEIVED_COLUMNS`."""

    def ask(missing: list[date]) -> dict[date, list[tuple[Any, ...]]]:
        found: dict[date, list[tuple[Any, ...]]] = {month: [] for month in missing}
        last = _next_month(max(missing))
        values: dict[str, Any] = {"start": _starts(min(missing), zone), "end": _starts(last, zone), "zone": str(zone)}
        with connection.cursor() as cursor:
            cursor.execute(_RECEIVED, values)
            for row in cursor.fetchall():
                if row[2] in found:
                    found[row[2]].append(row)
        return found

    spans, month = {}, first
    while month < after:
        spans[month] = Period(_starts(month, zone), _starts(_next_month(month), zone))
        month = _next_month(month)
    (told,) = answers([Question("received by campaign", FactKind.LEADS, spans, ask)])
    return [row for month in spans for row in told[month]]


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _starts(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def yields_by(booked: Iterable[Booked], key: Callable[[Booked], Any]) -> Mapping[Any, Yield]:
    """The booked yields added up by what `key` says."""
    found: dict[Any, Yield] = {}
    for row in booked:
        found[key(row)] = found.get(key(row), Yield()) + row.yielded
    return found


def _money(spend: Any) -> float | None:
    return None if spend is None else float(spend)


_RECEIVED = """
SELECT lead.source_id, lead.campaign_id,
       date_trunc('month', lead.received_at AT TIME ZONE %(zone)s)::date AS month_on, count(*) AS leads,
       count(answer.lead_id) AS handed_off,
       count(*) FILTER (WHERE answer.accepted) AS accepted,
       count(*) FILTER (WHERE answer.rejected AND NOT answer.accepted) AS rejected
FROM leads_lead lead
LEFT JOIN (
    SELECT handoff.lead_id, bool_or(handoff.state = 'accepted') AS accepted,
           bool_or(handoff.state = 'rejected') AS rejected
    FROM sla_handoff handoff GROUP BY handoff.lead_id
) answer ON answer.lead_id = lead.id
WHERE lead.received_at >= %(start)s AND lead.received_at < %(end)s
  AND NOT lead.is_history AND lead.withdrawn_at IS NULL
GROUP BY 1, 2, 3
"""

_BOOKED = """
WITH received AS (
    SELECT * FROM unnest(
        %(source_ids)s::uuid[], %(campaign_ids)s::uuid[], %(months)s::date[], %(leads)s::bigint[],
        %(handed_off)s::bigint[], %(accepted)s::bigint[], %(rejected)s::bigint[]
    ) AS row (source_id, campaign_id, month_on, leads, handed_off, accepted, rejected)
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
