"""What rejected leads cost, as far as the spend of their sources is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from feedback.metrics import Period
from feedback.metrics.cells import Question, answers
from feedback.models import FactKind
from feedback.rejections.counting import counted_by, standing_answers
from leads.models import Lead, Spend
from leads.money import units_of


@dataclass(frozen=True, slots=True)
class Cost:
    """What rejected and accepted leads cost, by the spend of their source in the month they came.

    A lead's share is the month's spend divided by the month's leads of the source. `known` rejections have one.
    """

    rejected: float
    accepted: float
    known: int
    accepted_known: int


def cost_of(period: Period) -> Cost:
    """The cost of the rejections and acceptances of the period, in the reporting currency.

    One query where nobody stated any spend; else three, and one more for answers and for leads that changed.
    """
    spent = _spent()
    found = {"rejected": (Fraction(0), 0), "accepted": (Fraction(0), 0)}
    if spent:
        answered = _answered(period)
        received = _received({month for _source, month in spent} & {month for _kind, _source, month in answered})
        for (kind, source, month), n in answered.items():
            if (source, month) in spent and received[source, month]:
                amount, known = found[kind]
                found[kind] = amount + spent[source, month] * n / received[source, month], known + n
    (lost, lost_known), (won, won_known) = found["rejected"], found["accepted"]
    return Cost(float(lost), float(won), lost_known, won_known)


def _spent() -> dict[tuple[UUID, date], Fraction]:
    """What was stated for each source and month, with or without a campaign."""
    currency = settings.REPORTING_CURRENCY
    stated = Spend.objects.filter(currency=currency).order_by().values_list("source_id", "month_on")
    return {
        (source, month): Fraction(minor, units_of(currency))
        for source, month, minor in stated.annotate(minor=Sum("amount_minor"))
    }


def _answered(period: Period) -> Counter[tuple[str, UUID, date]]:
    """Acceptances and rejections that stand, by kind, source and the UTC month in which the lead was received."""
    rows = standing_answers("accepted", "rejected").annotate(month=TruncMonth("lead__received_at", tzinfo=UTC))
    found: Counter[tuple[str, UUID, date]] = Counter()
    columns = ("kind", "lead__source_id", "month")
    for counts in counted_by("answers by month of receipt", rows, columns, period).values():
        for (kind, source, month), n in counts.items():
            found[kind, source, month.date()] += n
    return found


def _received(months: set[date]) -> Counter[tuple[UUID, date]]:
    """Leads by source and UTC month of receipt."""

    def ask(missing: list[date]) -> dict[date, dict[UUID, int]]:
        found: dict[date, dict[UUID, int]] = {}
        for month in missing:
            leads = Lead.objects.live().filter(received_at__gte=spans[month].start, received_at__lt=spans[month].end)
            found[month] = dict(leads.order_by().values_list("source_id").annotate(n=Count("pk")))
        return found

    spans = {month: Period(_starts(month), _starts((month + timedelta(days=31)).replace(day=1))) for month in months}
    (told,) = answers([Question("received by source", FactKind.LEADS, spans, ask)])
    return Counter({(source, month): n for month, row in told.items() for source, n in row.items()})


def _starts(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
