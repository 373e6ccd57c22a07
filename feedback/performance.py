"""Campaign performance and cost per accepted lead of a month: worked out live, kept for good once it is shared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from feedback.metrics import Period
from feedback.models import PerformanceReport
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User
from sla.business_time import BusinessHours, working_days_after

SHARED_WITHIN = 5
"""Business days after the end of a month by which its numbers are shared."""


class AlreadySharedError(Exception):
    """The month was shared before; what was shared stays."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in the organisation's zone."""

    first: date
    zone: ZoneInfo

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Month:
        """The month in which `moment` falls for people in `zone`."""
        return cls(moment.astimezone(zone).date().replace(day=1), zone)

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> Month:
        """Reads 2026-11. Raises ValueError in words."""
        try:
            return cls(datetime.strptime(f"{text}-01", "%Y-%m-%d").replace(tzinfo=UTC).date(), zone)
        except ValueError:
            raise ValueError("Write the month like 2026-11.") from None

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        return self.plus(1).start

    @property
    def period(self) -> Period:
        return Period(self.start, self.end)

    def plus(self, months: int) -> Month:
        """The month so many months later (earlier if negative)."""
        year, month = divmod(self.first.year * 12 + self.first.month - 1 + months, 12)
        return Month(date(year, month + 1, 1), self.zone)

    def until(self, last: Month) -> Iterator[Month]:
        """This month and those after it, up to and including `last`."""
        month = self
        while month.first <= last.first:
            yield month
            month = month.plus(1)


def due_of(month: Month, hours: BusinessHours) -> datetime:
    """When the numbers of a month must be shared: the end of the fifth business day of the next month."""
    return working_days_after(month.end - timedelta(microseconds=1), SHARED_WITHIN, hours)


def campaign_performance(month: Month) -> list[dict[str, Any]]:
    """One row a source and campaign: leads received, handed off, accepted, rejected, spend and cost per accepted lead.

    Counts by the month of receipt. Spend is known by source and month, in the reporting currency; a campaign's part of
    it is its part of the source's leads. Plain values, the most accepted first. One query.
    """
    currency = settings.REPORTING_CURRENCY
    with connection.cursor() as cursor:
        cursor.execute(_PERFORMANCE, {"start": month.start, "end": month.end, "month": month.first, "in": currency})
        rows = cursor.fetchall()
    found = []
    for source, campaign, leads, handed_off, accepted, rejected, spend in rows:
        cost = None if spend is None else round(float(spend), 2)
        found.append(
            {
                "source": source, "campaign": campaign, "leads": leads, "handed_off": handed_off,
                "accepted": accepted, "rejected": rejected, "spend": cost, "currency": currency,
                "cost_per_accepted": None if cost is None or not accepted else round(cost / accepted, 2),
            }
        )  # fmt: skip
    return found


_PERFORMANCE = """
WITH counted AS (
    SELECT lead.source_id, lead.campaign_id, count(*) AS leads,
           count(*) FILTER (WHERE answer.handed_off) AS handed_off,
           count(*) FILTER (WHERE answer.accepted) AS accepted,
           count(*) FILTER (WHERE answer.rejected) AS rejected
    FROM leads_lead lead
    LEFT JOIN LATERAL (
        SELECT true AS handed_off, bool_or(handoff.state = 'accepted') AS accepted,
               bool_or(handoff.state = 'rejected') AS rejected
        FROM sla_handoff handoff WHERE handoff.lead_id = lead.id HAVING count(*) > 0
    ) answer ON true
    WHERE lead.received_at >= %(start)s AND lead.received_at < %(end)s
      AND NOT lead.is_history AND lead.withdrawn_at IS NULL
    GROUP BY lead.source_id, lead.campaign_id
)
SELECT source.name, COALESCE(campaign.name, ''), counted.leads, counted.handed_off, counted.accepted,
       counted.rejected, spend.amount * counted.leads / sum(counted.leads) OVER (PARTITION BY counted.source_id)
FROM counted
JOIN leads_source source ON source.id = counted.source_id
LEFT JOIN leads_campaign campaign ON campaign.id = counted.campaign_id
LEFT JOIN leads_spend spend ON spend.source_id = counted.source_id AND spend.month_on = %(month)s
    AND spend.currency = %(in)s
ORDER BY counted.accepted DESC, counted.leads DESC, source.name, campaign.name
"""


@transaction.atomic
def share_performance(month: Month, *, by: User, now: datetime, note: str = "") -> PerformanceReport:
    """Shares the numbers of a month that is over, as they are now, with everybody; written down in the ledger.

    Raises ValueError while the month runs, AlreadySharedError for a month that was shared.
    """
    if now < month.end:
        raise ValueError(_("This month is not over yet. Its numbers can be shared from its last day on."))
    numbers = campaign_performance(month)
    text = json.dumps(numbers, sort_keys=True, ensure_ascii=False)
    report, is_new = PerformanceReport.objects.get_or_create(
        month_on=month.first,
        defaults={
            "numbers": json.loads(text),
            "numbers_hash": hashlib.sha256(text.encode()).hexdigest(),
            "note": note.strip()[:500],
            "shared_at": now,
            "shared_by": by,
        },
    )
    if not is_new:
        raise AlreadySharedError(_("This month was shared already; what was shared stays."))
    entry = LedgerEntry(
        occurred_at=now, action="performance.shared", subject_kind="performance", subject_id=report.pk, actor=by,
        after={"month": month.name, "hash": report.numbers_hash},
    )  # fmt: skip
    ledger.record([entry])
    return report
