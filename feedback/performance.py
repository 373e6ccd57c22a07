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
from django.db import transaction
from django.utils.translation import gettext as _

from feedback.costs import book_months
from feedback.metrics import Period
from feedback.models import PerformanceReport
from leads.models import Campaign, Source
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

    What spend is a campaign's, `feedback.costs` says. Plain values, the most accepted first. Three queries.
    """
    currency = settings.REPORTING_CURRENCY
    booked = book_months(month.first, month.plus(1).first, month.zone)
    sources = dict(Source.objects.values_list("pk", "name"))
    wanted = {row.campaign_id for row in booked if row.campaign_id}
    campaigns = dict(Campaign.objects.filter(pk__in=wanted).values_list("pk", "name"))
    found = []
    for row in booked:
        of_it = row.yielded
        found.append(
            {
                "source": sources[row.source_id],
                "campaign": campaigns.get(row.campaign_id, "") if row.campaign_id else "",
                "leads": of_it.leads, "handed_off": of_it.handed_off, "accepted": of_it.accepted,
                "rejected": of_it.rejected, "spend": _rounded(of_it.spend), "currency": currency,
                "cost_per_accepted": _rounded(of_it.cost),
            }
        )  # fmt: skip
    return sorted(found, key=lambda row: (-row["accepted"], -row["leads"], row["source"], row["campaign"]))


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 2)


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
