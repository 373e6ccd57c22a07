"""Opens a number to the leads behind it: /leads/?metric=acceptance_rate&period=2026-W10&part=hits."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from feedback.metrics import METRICS, Filters, Period, Week, drill_ids
from leads.models import Lead, Source


def drill_queryset(request: HttpRequest) -> tuple[QuerySet[Lead], str] | None:
    """The leads behind a number with its name in words; None if the address names no number.

    `part` is hits (or numerator) for what counts, anything else for all it rests on; `source` narrows it down.
    """
    asked = request.GET
    key = asked.get("metric", "")
    if key not in METRICS:
        return None
    period, when = _period(asked.get("period", ""), asked.get("period_to", ""))
    if period is None:
        return None
    chosen = METRICS[key]
    part = "hits" if asked.get("part") in ("hits", "numerator") else "all"
    source = Source.objects.filter(key=asked["source"]).first() if asked.get("source") else None
    ids = drill_ids(chosen, period, Filters(source_id=source.pk if source else None), part)
    counted = _("those that count") if part == "hits" else _("all it rests on")
    words = _("%(metric)s, %(when)s: %(part)s") % {"metric": chosen.name, "when": when, "part": counted}
    return Lead.objects.filter(pk__in=ids), words


def _period(first: str, last: str) -> tuple[Period | None, str]:
    zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
    try:
        start = Week.parse(first, zone)
        end = Week.parse(last, zone) if last else start
    except ValueError:
        return None, ""
    return Period(start.start, end.end), first if start == end else f"{first} – {last}"
