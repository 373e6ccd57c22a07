"""Criteria gaps for marketing, and what we rejected that bought later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.bought_later import bought_later as bought_later_rows
from feedback.bought_later import with_deals
from feedback.gaps import answer_gap, criteria_gaps
from feedback.models import Disposition
from revops.foundation import outbox
from revops.foundation.policy import can
from revops.portal import notices
from revops.portal.back_office import csv_response, needs, page_of, person_of
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.reasons.forms import GapForm
from revops.portal.reasons.tabs import tabs_for

OPEN, ANSWERED = "open", "answered"


@needs("rules.propose")
@require_GET
def gap_list(request: HttpRequest) -> HttpResponseBase:
    """Reasons that our criteria do not know, in the reps' words."""
    return _gap_page(request)


@needs("rules.propose")
@require_POST
def answer(request: HttpRequest, disposition_id: UUID) -> HttpResponse:
    """Answers one gap; the rep who rejected the lead is told."""
    gap = criteria_gaps().filter(pk=disposition_id, lead__in=leads_for(request.user)).first()
    if gap is None:
        raise Http404
    form = GapForm(request.POST)
    if not form.is_valid():
        return _gap_page(request, form, gap)
    kind, words, now = form.cleaned_data["kind"], form.cleaned_data["words"], timezone.now()
    with transaction.atomic():
        answered = answer_gap(gap, kind, words, person_of(request), now=now)
        if answered is not None:
            outbox.enqueue(notices.of_gap_answer(gap, answered, now=now))
    if answered is None:
        messages.info(request, _("Somebody answered this before."))
    elif kind == "reason":
        messages.success(request, _("Answered. Now write the reason as reps shall see it."))
        return redirect(f"/reasons/new/?family=criteria_gap&label={gap.evidence[:80]}")
    else:
        messages.success(request, _("Answered. Whoever rejected the lead is told."))
    return redirect("criteria-gaps")


@needs("review.view")
@require_GET
def bought_later(request: HttpRequest) -> HttpResponseBase:
    """Rejected by us, bought later through another person; the same as CSV."""
    rows = bought_later_rows().filter(lead__in=leads_for(request.user))
    if request.GET.get("format") == "csv":
        return _csv(rows.order_by("-decided_at", "-pk")[:10_000])
    page = page_of(rows, ("-decided_at", "-pk"), request)
    context = {
        "rows": with_deals(list(page.rows)),
        "page": page,
        "tabs": tabs_for(request, "bought-later"),
        "csv_url": "?format=csv" if can(person_of(request), "leads.export") else "",
    }
    return render(request, "reasons/bought_later.html", context)


def _gap_page(request: HttpRequest, form: GapForm | None = None, gap: Disposition | None = None) -> HttpResponse:
    state = ANSWERED if request.GET.get("state") == ANSWERED else OPEN
    gaps = criteria_gaps().filter(lead__in=leads_for(request.user))
    rows = gaps.filter(gap_answer__isnull=state == OPEN)
    page = page_of(rows, ("-recorded_at", "-pk"), request)
    context: dict[str, Any] = {
        "page": page,
        "state": state,
        "states": [
            {"label": _("To answer"), "url": "?", "current": state == OPEN},
            {"label": _("Answered"), "url": f"?state={ANSWERED}", "current": state == ANSWERED},
        ],
        "form": form,
        "wrong": gap,
        "kinds": GapForm().fields["kind"].choices,  # type: ignore[attr-defined]
        "tabs": tabs_for(request, "criteria-gaps"),
    }
    return render(request, "reasons/gaps.html", context, status=422 if form is not None else 200)


def _csv(rows: Any) -> HttpResponseBase:
    header = ["lead", "company", "reason", "evidence", "rejected_at", "rejected_by", "bought_at", "days_later",
              "bought_through", "amount", "currency"]  # fmt: skip
    lines = [
        [
            one.rejection.lead.public_id,
            one.rejection.lead.account.name if one.rejection.lead.account else "",
            one.rejection.reason.label if one.rejection.reason else "",
            one.rejection.evidence,
            one.rejection.decided_at.isoformat() if one.rejection.decided_at else "",
            one.rejection.user.name if one.rejection.user else "",
            one.deal.occurred_at.isoformat() if one.deal.occurred_at else "",
            one.days,
            one.deal.lead.public_id,
            one.deal.amount if one.deal.amount is not None else "",
            one.deal.currency,
        ]
        for one in with_deals(list(rows))
    ]
    return csv_response("bought-later", header, lines)
