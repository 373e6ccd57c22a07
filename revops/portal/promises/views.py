"""Findings to answer, leads to nurture, performance to share: what marketing's promises ask for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from feedback.findings import FindingAnsweredError, answer_finding, findings, leads_of_finding
from feedback.metrics import Week, organisation_zone
from feedback.models import Finding, NurturePeriod, NurtureTrack, PerformanceReport
from feedback.nurturing import start_nurture, stop_nurture, unresponsive
from feedback.performance import AlreadySharedError, Month, campaign_performance, due_of, share_performance
from revops.foundation.ids import decode
from revops.foundation.policy import can, check
from revops.portal.back_office import needs, person_of, status_of
from revops.portal.lead_pages.visibility import lead_or_404, leads_for
from revops.portal.promises.forms import AnswerForm, ShareForm, StopForm
from sla.queries import agreement_hours, live_target

PAGE = 50


@needs("review.view")
@require_GET
def findings_list(request: HttpRequest) -> HttpResponse:
    """Patterns of rejections: those that wait first, by deadline."""
    waiting = findings().filter(answered_at__isnull=True).order_by("due_at", "id")
    answered = findings().filter(answered_at__isnull=False).order_by("-answered_at", "id")
    context = {
        "waiting": waiting[:PAGE],
        "n_waiting": waiting.count(),
        "pages": Paginator(answered, PAGE).get_page(request.GET.get("page")),
        "now": timezone.now(),
    }
    return render(request, "promises/findings.html", context)


@needs("review.view")
def finding(request: HttpRequest, finding_id: str) -> HttpResponse:
    """One pattern with the leads behind it; marketing answers it here."""
    found = get_object_or_404(findings(), pk=_decoded("finding", finding_id))
    may_answer = found.answered_at is None and can(person_of(request), "promises.keep")
    form = AnswerForm(request.POST or None)
    if request.method == "POST":
        check(request.user, "promises.keep")
        if form.is_valid():
            return _answer(request, found, form.cleaned_data["answer"])
    week = Week(found.week_on, organisation_zone())
    leads = leads_of_finding(found, week)
    mine = leads.filter(pk__in=leads_for(request.user)).select_related("person", "account", "owner")
    context = {
        "finding": found,
        "week": week,
        "form": form if may_answer else None,
        "leads": mine.order_by("-received_at", "pk")[:PAGE],
        "total": leads.count(),
        "now": timezone.now(),
    }
    return render(request, "promises/finding.html", context, status=status_of(form) if may_answer else 200)


def _answer(request: HttpRequest, found: Finding, words: str) -> HttpResponse:
    try:
        with transaction.atomic():
            answer_finding(found.pk, answer=words, by=person_of(request), now=timezone.now())
    except FindingAnsweredError as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("Answered. Sales can read it on this page."))
    return redirect("finding", found.public_id)


@needs("leads.view")
@require_GET
def nurture(request: HttpRequest) -> HttpResponse:
    """Leads that did not respond: those nobody nurtures yet, and those being nurtured."""
    now, mine = timezone.now(), leads_for(request.user)
    waiting = unresponsive().filter(lead__in=mine)
    running = (
        NurturePeriod.objects.filter(stopped_at__isnull=True, until__gt=now, lead__in=mine)
        .select_related("lead__person", "lead__account", "track", "started_by")
        .order_by("until", "id")
    )
    context = {
        "waiting": waiting[:PAGE],
        "n_waiting": waiting.count(),
        "pages": Paginator(running, PAGE).get_page(request.GET.get("page")),
        "tracks": NurtureTrack.objects.filter(is_active=True),
        "may_keep": can(person_of(request), "promises.keep"),
        "days": int(live_target("nurture_unresponsive") or 30),
        "form": StopForm(),
        "now": now,
    }
    return render(request, "promises/nurture.html", context)


@needs("promises.keep")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begins nurture for the leads that were ticked."""
    ids = [_decoded("lead", text) for text in request.POST.getlist("lead")[:500]]
    seen = list(leads_for(request.user).filter(pk__in=ids).values_list("pk", flat=True))
    if not seen:
        messages.error(request, _("Tick at least one lead."))
        return redirect("nurture")
    track = NurtureTrack.objects.filter(is_active=True, code=request.POST.get("track", "")).first()
    with transaction.atomic():
        done = start_nurture(seen, by=person_of(request), track=track, now=timezone.now())
    n = len(done.started)
    if n:
        words = ngettext("Nurture of %(n)s lead begins.", "Nurture of %(n)s leads begins.", n)
        messages.success(request, words % {"n": n})
    for words in sorted(set(done.refused.values())):
        messages.warning(request, words)
    return redirect("nurture")


@needs("promises.keep")
@require_POST
def stop(request: HttpRequest, lead_id: str) -> HttpResponse:
    """Ends the nurture of one lead before its time."""
    lead = lead_or_404(request.user, lead_id)
    form = StopForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why nurture ends before its time."))
        return redirect("nurture")
    try:
        with transaction.atomic():
            stop_nurture(lead.pk, by=person_of(request), reason=form.cleaned_data["reason"], now=timezone.now())
    except NurturePeriod.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Nurture has ended."))
    return redirect("nurture")


@needs("review.view")
@require_GET
def newest_performance(request: HttpRequest) -> HttpResponse:
    """The month that was over last."""
    return redirect("performance", Month.of(timezone.now(), organisation_zone()).plus(-1).name)


@needs("review.view")
def performance(request: HttpRequest, month: str) -> HttpResponse:
    """One month by source and campaign: live until marketing shares it, then as it was shared."""
    shown, now = _month(month), timezone.now()
    report = PerformanceReport.objects.filter(month_on=shown.first).select_related("shared_by").first()
    may_share = report is None and now >= shown.end and can(person_of(request), "promises.keep")
    form = ShareForm(request.POST or None)
    if request.method == "POST":
        check(request.user, "promises.keep")
        if form.is_valid():
            return _share(request, shown, form.cleaned_data["note"])
    hours = agreement_hours()
    rows = report.numbers if report else campaign_performance(shown)
    newest = Month.of(now, shown.zone)
    context = {
        "month": shown,
        "report": report,
        "rows": rows,
        "totals": _totals(rows),
        "due_at": due_of(shown, hours) if hours else None,
        "form": form if may_share else None,
        "is_running": now < shown.end,
        "previous": shown.plus(-1).name,
        "next": shown.plus(1).name if shown.first < newest.first else "",
        "now": now,
    }
    return render(request, "promises/performance.html", context)


def _share(request: HttpRequest, month: Month, note: str) -> HttpResponse:
    try:
        share_performance(month, by=person_of(request), note=note, now=timezone.now())
    except (AlreadySharedError, ValueError) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Shared. These numbers of %(month)s stay as they are.") % {"month": month.name})
    return redirect(reverse("performance", args=[month.name]))


def _totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    known = [row for row in rows if row["spend"] is not None]
    spend, accepted = sum(row["spend"] for row in known), sum(row["accepted"] for row in known)
    return {
        **{key: sum(row[key] for row in rows) for key in ("leads", "handed_off", "accepted", "rejected")},
        "spend": spend if known else None,
        "cost_per_accepted": spend / accepted if accepted else None,
    }


def _month(text: str) -> Month:
    try:
        month = Month.parse(text, organisation_zone())
    except ValueError as problem:
        raise Http404(str(problem)) from None
    if timezone.now() < month.start:
        raise Http404(_("This month has not begun yet."))
    return month


def _decoded(prefix: str, text: str) -> UUID:
    try:
        return decode(prefix, text)
    except ValueError:
        raise Http404 from None
