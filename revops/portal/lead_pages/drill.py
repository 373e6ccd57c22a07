"""Opens a number to the leads behind it: /leads/?metric=acceptance_rate&period=2026-W10&part=hits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from feedback.metrics import METRICS, Filters, Metric, Period, Week, drill_count, leads_behind, organisation_zone
from feedback.rejections import LABELS, By, Cell, column_name, rejected
from leads.models import Lead, Source

_PARTS = {"numerator": "hits", "denominator": "all"}


def drill_queryset(request: HttpRequest) -> tuple[QuerySet[Lead], str] | None:
    """The leads behind a number with its name in words; None if the address names no number.

    `metric` and `period` (a week or a day, with `period_to` up to another) name it; `part` is hits (or numerator) for
    what counts, misses for the rest, anything else for all; `source` narrows it down, of rejections also `reason`,
    and `by` with `value` (a column of the rejection review).
    """
    asked = request.GET
    chosen = METRICS.get(asked.get("metric", ""))
    found = _period(asked.get("period") or asked.get("week", ""), asked.get("period_to", ""))
    if chosen is None or found is None:
        return None
    period, when = found
    if chosen.key == "rejections" and (asked.get("reason") or asked.get("value")):
        return _rejections(asked, period, when)
    return _metric(chosen, asked, period, when)


def _metric(chosen: Metric, asked: Mapping[str, str], period: Period, when: str) -> tuple[QuerySet[Lead], str]:
    part = _PARTS.get(asked.get("part", ""), asked.get("part", "all"))
    source = Source.objects.filter(key=asked["source"]).first() if asked.get("source") else None
    filters = Filters(source_id=source.pk if source else None)
    leads = leads_behind(chosen, period, filters, part)
    counted = {"hits": _("those that count"), "misses": _("those that do not")}.get(part, _("all it rests on"))
    values = {"metric": chosen.name, "when": when, "part": counted}
    words = _("%(metric)s, %(when)s: %(part)s") % values
    rows, distinct = drill_count(chosen, period, filters, part)
    if rows != distinct:
        words += " · " + _("%(rows)s answers or events about %(leads)s leads") % {"rows": rows, "leads": distinct}
    return leads, words


def _rejections(asked: Mapping[str, str], period: Period, when: str) -> tuple[QuerySet[Lead], str]:
    """The leads of one cell of the rejection review."""
    by = By(asked["by"]) if asked.get("by") in set(By) and asked.get("value") else None
    cell = Cell(period, asked.get("reason", ""), by, asked.get("value", "") if by else "")
    rows = rejected(cell)
    count = rows.count()
    words = ngettext("%(n)s rejection, %(when)s", "%(n)s rejections, %(when)s", count) % {"n": count, "when": when}
    if by is not None:
        words += f" · {LABELS[by]}: {column_name(cell)}"
    return Lead.objects.filter(pk__in=rows.order_by().values("lead_id")), words


def _period(first: str, last: str) -> tuple[Period, str] | None:
    """The half-open span from the week or day `first` up to the end of `last`, and its name; None for nonsense."""
    start, end = _span(first), _span(last or first)
    if start is None or end is None or end.end <= start.start:
        return None
    return Period(start.start, end.end), first if not last or first == last else f"{first} – {last}"


def _span(text: str) -> Period | None:
    zone = organisation_zone()
    try:
        if "W" in text:
            return Week.parse(text, zone).period
        day = date.fromisoformat(text)
    except ValueError:
        return None
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    return Period(start, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC))
