"""What each source brought and cost over whole months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings

from feedback.costs import Yield, book_months, yields_by
from feedback.metrics import METRICS, Measure, Period, Week, by_source_of
from leads.models import Source

MONTHS = (1, 3, 12)


@dataclass(frozen=True, slots=True)
class Months:
    """The running month and those before it, one by one as periods of metrics and together as first days of months."""

    first: date
    after: date
    zone: ZoneInfo
    each: tuple[Period, ...]
    weeks: tuple[str, str]

    @classmethod
    def up_to(cls, now: datetime, count: int) -> Months:
        """The `count` months that end with the one of `now`, in the organisation's zone."""
        zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
        today = now.astimezone(zone).date()
        index = today.year * 12 + today.month - count
        firsts = [date(month // 12, month % 12 + 1, 1) for month in range(index, index + count + 1)]
        starts = [datetime.combine(first, time(), zone) for first in firsts]
        each = tuple(Period(start, end) for start, end in pairwise(starts))
        return cls(firsts[0], firsts[-1], zone, each, (Week.of(starts[0], zone).name, Week.of(now, zone).name))


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source with its numbers: what came and what it cost, and how sales answered in the period."""

    source: Source
    yielded: Yield
    acceptance: Measure | None

    @property
    def answered(self) -> int:
        return self.acceptance.n if self.acceptance else 0

    @property
    def accepted(self) -> int:
        return self.acceptance.hits if self.acceptance else 0


def rows_of(sources: list[Source], months: Months) -> list[SourceRow]:
    """The numbers of sources. Three queries, however many sources, and two more where something changed."""
    (acceptance,) = by_source_of([METRICS["acceptance_rate"]], months.each)
    yields = yields_by(book_months(months.first, months.after, months.zone), lambda row: row.source_id)
    return [SourceRow(source, yields.get(source.pk, Yield()), acceptance.get(source.pk)) for source in sources]
