"""The health page."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from revops.foundation.health import examine
from revops.portal.back_office import csv_response, needs, query_of
from revops.portal.health.state import DAYS, Day, balance_of_days, open_jobs, outbox_lags, pending, unrouted

NAMES = {
    "versions": _("Programs"),
    "disk": _("Disk"),
    "services": _("Servers"),
    "database": _("Database"),
    "migrations": _("Tables"),
    "valkey": _("Valkey"),
    "queue": _("Queue"),
    "jobs": _("Long work"),
    "outbox": _("Outbox"),
    "clock": _("Clock"),
    "time zones": _("Time zones"),
}
CHANNELS = {
    "webhook": _("Webhook"),
    "email": _("E-mail"),
    "chat": _("Chat"),
    "in_app": _("In the portal"),
}
JOB_TONES = {"failed": "bad", "running": "note", "waiting": "neutral", "paused": "warn"}


@needs("health.view")
@never_cache
@require_GET
def health(request: HttpRequest) -> HttpResponseBase:
    """Each check with what to do, what waits, and the conservation equation of the last days."""
    now = timezone.now()
    days = balance_of_days(now)
    if request.GET.get("format") == "csv":
        return _csv(days)
    checks = list(examine())
    unbalanced = [day for day in days if not day.balances]
    context = {
        "checks": [(NAMES.get(check.name, check.name), check) for check in checks],
        "bad": [check for check in checks if not check.ok],
        "days": days,
        "n_days": DAYS,
        "unbalanced": unbalanced,
        "lags": [(CHANNELS.get(lag.channel, lag.channel), lag) for lag in outbox_lags(now)],
        "jobs": open_jobs(),
        "job_tones": JOB_TONES,
        "pending": pending(),
        "unrouted": unrouted(),
        "now": now,
        "csv_url": f"?{query_of(request, format='csv')}",
    }
    return render(request, "health/health.html", context)


def _csv(days: list[Day]) -> HttpResponseBase:
    counts = ("received", "new", "attached", "quarantined", "refused", "withdrawn", "pending", "missing")
    rows = (
        [part.day, part.source_key, *(getattr(part, name) for name in counts)] for day in days for part in day.parts
    )
    return csv_response("conservation", ["day", "source", *counts], rows)
