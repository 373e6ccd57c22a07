"""The health page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.health import examine
from revops.foundation.policy import can
from revops.portal.auditor.working import latest_audit, start_audit
from revops.portal.back_office import csv_response, needs, person_of, query_of
from revops.portal.health.state import DAYS, Day, balance_of_days, open_jobs, outbox_lags, pending, unrouted
from scoring.backtest import waiting
from scoring.replay import latest_proof

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
JOBS = {
    "account.surge": _("Watch accounts for a rise"),
    "audit_integrity": _("Audit everything stored"),
    "backtest": _("Try a rule on history"),
    "campaigns_resolve": _("Match leads with campaigns"),
    "erase_person": _("Erase a person"),
    "import_dry_run": _("Dry run of an import"),
    "import_run": _("Import a file"),
    "import_undo": _("Undo an import"),
    "override": _("Emergency change of a rule"),
    "rescore": _("Score leads again"),
    "retention": _("Remove what is kept no longer"),
    "vet_list": _("Vet a list"),
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
    checks = [(NAMES.get(check.name, check.name), check) for check in examine()]
    unbalanced = [day for day in days if not day.balances]
    context = {
        "checks": checks,
        "bad": [(name, check) for name, check in checks if not check.ok],
        "days": days,
        "n_days": DAYS,
        "unbalanced": unbalanced,
        "lags": [(CHANNELS.get(lag.channel, lag.channel), lag) for lag in outbox_lags(now)],
        "jobs": open_jobs(),
        "job_names": JOBS,
        "job_tones": JOB_TONES,
        "pending": pending(),
        "proof": latest_proof(),
        "unpacked": waiting(),
        "unrouted": unrouted(),
        "audit": latest_audit(),
        "may_audit": can(person_of(request), "people.manage"),
        "now": now,
        "csv_url": f"?{query_of(request, format='csv')}",
    }
    return render(request, "health/health.html", context)


@needs("people.manage")
@require_POST
def start(request: HttpRequest) -> HttpResponseBase:
    """Begins an audit of everything stored."""
    start_audit(person_of(request))
    messages.success(request, _("The audit is under way; its answer appears here."))
    return redirect("health")


def _csv(days: list[Day]) -> HttpResponseBase:
    counts = ("received", "new", "attached", "quarantined", "refused", "withdrawn", "pending", "missing")
    rows = (
        [part.day, part.source_key, *(getattr(part, name) for name in counts)] for day in days for part in day.parts
    )
    return csv_response("conservation", ["day", "source", *counts], rows)
