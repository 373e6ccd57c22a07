"""What each source brought and cost over whole months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Sum

from feedback.metrics import METRICS, Measure, Period, Week, measure_by
from leads.models import Lead, Source, Spend

MONTHS = (1, 3, 12)


@dataclass(frozen=True, slots=True)
class Months:
    """The running month and those before it, as a period of metrics and as first days of months."""

    first: date
    period: Period
    weeks: tuple[str, str]

    @classmethod
    def up_to(cls, now: datetime, count: int) -> Months:
        """The `count` months that end with the one of `now`, in the organisation's zone."""
        zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
        today = now.astimezone(zone).date()
        index = today.year * 12 + today.month - count
        first = date(index // 12, index % 12 + 1, 1)
        start = datetime.combine(first, time(), zone)
        return cls(first, Period(start, now), (Week.of(start, zone).name, Week.of(now, zone).name))


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source with its numbers. Money in the reporting currency; `cost` is None when nothing was accepted."""

    source: Source
    leads: int
    acceptance: Measure | None
    spend: Decimal | None

    @property
    def answered(self) -> int:
        return self.acceptance.n if self.acceptance else 0

    @property
    def accepted(self) -> int:
        return self.acceptance.hits if self.acceptance else 0

    @property
    def cost(self) -> Decimal | None:
        return self.spend / self.accepted if self.spend is not None and self.accepted else None


def rows_of(sources: list[Source], months: Months) -> list[SourceRow]:
    """The numbers of sources. Three queries, however many sources."""
    acceptance = measure_by(METRICS["acceptance_rate"], months.period)
    leads = _leads(months.period)
    spend = dict(
        Spend.objects.filter(month_on__gte=months.first, currency=settings.REPORTING_CURRENCY)
        .values_list("source")
        .annotate(Sum("amount"))
    )
    return [
        SourceRow(source, leads.get(source.pk, 0), acceptance.get(source.pk), spend.get(source.pk))
        for source in sources
    ]


def _leads(period: Period) -> dict[UUID, int]:
    came = Lead.objects.shown().filter(is_history=False, received_at__gte=period.start, received_at__lt=period.end)
    return dict(came.order_by().values_list("source").annotate(Count("pk")))
