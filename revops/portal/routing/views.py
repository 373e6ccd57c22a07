"""Whose turn it is: turns taken, credited back, and the balance that sums to zero."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from revops.foundation.pages.charts import Bar, bars
from revops.portal.back_office import csv_response, needs
from sla.queries import fairness_balance, turns_since, unrouted

LOOK_BACK = timedelta(days=30)


@needs("sla.view")
@require_GET
def turns(request: HttpRequest) -> HttpResponseBase:
    """Everybody's weight, turns of the last 30 days and balance; the same as CSV."""
    balances = fairness_balance()
    taken = turns_since(timezone.now() - LOOK_BACK)
    rows = [(row, taken.get(row.user.pk)) for row in balances]
    if request.GET.get("format") == "csv":
        header = ["person", "team", "weight", "turns_30_days", "credited_back", "open_work", "capacity", "balance"]
        return csv_response(
            "turns",
            header,
            (
                [row.user.name, row.user.team.name if row.user.team else "", row.weight, got.taken if got else 0,
                 got.credited if got else 0, row.open_work, row.capacity or "", row.turns]
                for row, got in rows
            ),
        )  # fmt: skip
    chart = bars(
        _("Turns taken in 30 days, for each unit of weight"),
        [
            Bar(row.user.name, round((got.taken if got else 0) / row.weight, 1), _("weight %(n)s") % {"n": row.weight})
            for row, got in rows
            if row.is_routable
        ],
        empty=_("Nobody takes turns yet."),
    )
    context = {
        "rows": rows,
        "chart": chart,
        "total": round(sum(row.units for row in balances) / 1_000_000_000, 2) + 0.0,
        "unrouted": unrouted().count(),
    }
    return render(request, "routing/turns.html", context)
