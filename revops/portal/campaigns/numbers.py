"""What campaigns brought and cost, for their pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from feedback.costs import Yield, book_months, yields_by
from leads.models import Campaign
from leads.money import major_units
from revops.foundation.pages.charts import Bar, Chart, bars
from revops.foundation.statistics import Interval, is_too_few, wilson_interval
from revops.portal.sources.numbers import Months


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign with its numbers. `spent` is a share of its budget, None without one."""

    campaign: Campaign
    yielded: Yield
    spent: float | None = None

    @property
    def too_few(self) -> bool:
        return is_too_few(self.yielded.answered)

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.yielded.accepted, self.yielded.answered)


def rows_of(campaigns: Sequence[Campaign], months: Months) -> list[CampaignRow]:
    """Campaigns with what the months brought and cost. One query."""
    yields = yields_by(book_months(months.first, months.after, months.zone), lambda row: row.campaign_id)
    return [CampaignRow(one, of := yields.get(one.pk, Yield()), _share(one, of)) for one in campaigns]


def _share(campaign: Campaign, yielded: Yield) -> float | None:
    is_comparable = campaign.budget_minor and campaign.currency == settings.REPORTING_CURRENCY
    if not is_comparable or yielded.spend is None or campaign.budget_minor is None:
        return None
    return yielded.spend / float(major_units(campaign.budget_minor, campaign.currency))


def by_month(campaign: Campaign, months: Months) -> list[tuple[Any, Yield]]:
    """The yield of each month that brought or cost something, newest first."""
    booked = [row for row in book_months(months.first, months.after, months.zone) if row.campaign_id == campaign.pk]
    return sorted(yields_by(booked, lambda row: row.month_on).items(), reverse=True)


def cost_chart(rows: Sequence[CampaignRow], currency: str) -> Chart:
    """Cost per accepted lead, dearest first; those with too few accepted leads come last, pale, as the note says."""
    names = Counter(row.campaign.name for row in rows)
    drawn = [
        Bar(
            row.campaign.name if names[row.campaign.name] == 1 else f"{row.campaign.name} · {row.campaign.source.name}",
            round(row.yielded.cost),
            _("n=%(n)s") % {"n": row.yielded.accepted},
            "mute" if is_too_few(row.yielded.accepted) else "",
        )
        for row in rows
        if row.yielded.cost is not None
    ]
    drawn.sort(key=lambda bar: (bar.tone == "mute", -bar.value))
    empty = _("No campaign has both stated spend and accepted leads in these months.")
    chart = bars(_("Cost per accepted lead"), drawn[:12], currency, sort=False, empty=empty)
    return replace(chart, note=_("Grey: too few accepted leads to judge.")) if drawn else chart


@dataclass(frozen=True, slots=True)
class TouchCount:
    """How many leads a campaign reached at all, first and last: of one lead all touches count once each."""

    all_leads: int
    first: int
    last: int


def touches_of(campaign_id: UUID) -> TouchCount:
    """Leads that the campaign touched at any time, first of all, and last of all. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHES, [campaign_id, campaign_id, campaign_id])
        return TouchCount(*cursor.fetchone())


_TOUCHES = """
SELECT count(DISTINCT touch.lead_id),
       count(DISTINCT touch.lead_id) FILTER (WHERE edge.first = %s),
       count(DISTINCT touch.lead_id) FILTER (WHERE edge.last = %s)
  FROM leads_touch touch
  JOIN leads_lead lead ON lead.id = touch.lead_id AND lead.withdrawn_at IS NULL
  JOIN LATERAL (
       SELECT (array_agg(every.campaign_id ORDER BY every.touched_at NULLS FIRST, every.id))[1] AS first,
              (array_agg(every.campaign_id ORDER BY every.touched_at DESC NULLS LAST, every.id DESC))[1] AS last
         FROM leads_touch every WHERE every.lead_id = touch.lead_id
  ) edge ON true
 WHERE touch.campaign_id = %s
"""


def days_words(campaign: Campaign, now: datetime) -> str:
    """Whether a campaign runs: planned, running or over; empty if it has no days."""
    today = now.date()
    if campaign.starts_on and today < campaign.starts_on:
        return _("planned")
    if campaign.ends_on and today > campaign.ends_on:
        return _("over")
    return _("running") if campaign.starts_on or campaign.ends_on else ""
