"""A draft in the shadow of the live rules: started, read by everybody for themselves, promoted or dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.policy import can
from revops.portal.back_office import needs, note, person_of
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.rules.views import book_or_404
from scoring.models import ShadowEnd, ShadowRun
from scoring.shadow import USUAL, ShadowRefused, end_shadow, shadow_report, start_shadow


@needs("rules.view")
@require_GET
def shadow_page(request: HttpRequest, version: int) -> HttpResponse:
    """The latest shadow run of a version, and what would have changed for the person who looks."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()
    run = ShadowRun.objects.filter(rulebook=book).select_related("started_by", "ended_by").first()
    report = shadow_report(run) if run else None
    context: dict[str, Any] = {
        "book": book,
        "run": run,
        "report": report,
        "own": report.for_rep(user.pk) if report else None,
        "is_rep": user.role == "rep",
        "rows": _visible(request, report),
        "is_running": run is not None and run.ended_at is None,
        "is_stale": run is not None and run.content_hash != book.content_hash,
        "may_propose": can(user, "rules.propose"),
        "usual_days": USUAL.days,
        "now": now,
    }
    return render(request, "rules/shadow.html", context)


def _visible(request: HttpRequest, report: Any) -> list[tuple[Any, Any]]:
    """The changed leads that this person may open. One query."""
    if report is None:
        return []
    ids = [one.lead_id for one in report.changed]
    leads = {
        lead.pk: lead for lead in leads_for(person_of(request)).filter(pk__in=ids).select_related("person", "account")
    }
    return [(leads[one.lead_id], one) for one in report.changed if one.lead_id in leads]


@needs("rules.propose")
@require_POST
def start(request: HttpRequest, version: int) -> HttpResponse:
    """Lets a draft judge every live decision for some days; nothing changes for anybody."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()
    given = request.POST.get("days", "")
    days = int(given) if given.isdecimal() and len(given) < 4 else USUAL.days
    try:
        with transaction.atomic():
            run = start_shadow(book, user, now, lasts=timedelta(days=days))
            note(user, "rulebook.shadow_started", run, now, after={"version": version, "days": days})
    except ShadowRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It judges every decision from now on, for %(n)d days.") % {"n": days})
    return redirect("rule-shadow", version)


@needs("rules.propose")
@require_POST
def end(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ends a run: the draft goes on to its review, or is dropped."""
    run = get_object_or_404(ShadowRun.objects.select_related("rulebook"), pk=run_id)
    user, now = person_of(request), timezone.now()
    how = ShadowEnd.PROMOTED if request.POST.get("end") == "promoted" else ShadowEnd.DROPPED
    try:
        with transaction.atomic():
            end_shadow(run, how, user, now, note=request.POST.get("note", ""))
            note(user, "rulebook.shadow_ended", run, now, after={"version": run.rulebook.version, "end": how})
    except ShadowRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("rule-shadow", run.rulebook.version)
    if how == ShadowEnd.PROMOTED:
        messages.success(request, _("Promoted. Ask for its review when you are ready."))
        return redirect("rule-version", run.rulebook.version)
    messages.success(request, _("Stopped. What it would have changed stays readable."))
    return redirect("rule-shadow", run.rulebook.version)
