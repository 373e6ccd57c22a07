"""The list of leads, its export, and the page of one lead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.corrections import Correction
from feedback.lead_times import times_of
from feedback.models import Outcome, OutcomeStage
from feedback.outcomes import Result
from leads.models import Lead
from revops.foundation.policy import can, check
from revops.portal import journey
from revops.portal.lead_pages.drill import drill_queryset
from revops.portal.lead_pages.export import lead_lines, record_export
from revops.portal.lead_pages.filters import LeadFilter, owner_choices, reason_choices, source_choices
from revops.portal.lead_pages.forms import FactsForm, OutcomeForm
from revops.portal.lead_pages.listing import PAGE, SORTS, USUAL, count_of, page_of
from revops.portal.lead_pages.page import LeadView, lead_view
from revops.portal.lead_pages.timeline import KINDS, timeline_of
from revops.portal.lead_pages.visibility import lead_or_404, leads_for, merged_lead_for, own_leads
from revops.portal.queue.card import findings
from revops.portal.queue.desk import action_context
from revops.portal.session.requests import SignedInRequest
from scoring.explanation import explain_many

MORE = ("country", "received_from", "received_to", "rejected", "is_history")
"""Filters behind “More”."""
DRILL = ("metric", "period", "period_to", "part", "reason", "by", "value")
"""What names the number a list was opened from; a change of filter keeps it."""


@login_required
@require_GET
def leads(request: SignedInRequest) -> HttpResponse:
    """All leads one may see, filtered and sorted by the address of the page."""
    check(request.user, "leads.view")
    filters, drill = _filtered(request)
    sort = request.GET.get("sort", USUAL)
    page = page_of(filters.qs, sort, request.GET.get("after", ""))
    why = explain_many([lead.pk for lead in page.leads])
    context = {
        "filters": filters,
        "form": filters.form,
        "tiers": [(str(tier), _("Tier %(tier)s") % {"tier": tier}) for tier in (1, 2, 3)],
        "page": page,
        "rows": [(lead, findings(why.get(lead.pk, ""))) for lead in page.leads],
        "total": page.total if page.is_exact else _("about %(n)s") % {"n": f"{round(page.total, -3):,}"},
        "drill": drill,
        "active": sum(1 for name in filters.filters if request.GET.get(name)),
        "sort": sort if sort in SORTS else USUAL,
        "next_url": _next_url(request, page.next_cursor),
        "csv_url": f"{reverse('leads-export')}?{_query(request)}" if can(request.user, "leads.export") else "",
        "owners": owner_choices(request.user),
        "reasons": reason_choices(),
        "page_size": PAGE,
        "first_url": f"?{_query(request)}",
        "sources": source_choices(),
        "more_active": sum(1 for name in MORE if request.GET.get(name)),
        "kept": [(name, request.GET[name]) for name in DRILL if request.GET.get(name)],
    }
    return render(request, "leads/list.html", context)


@login_required
@require_GET
def export(request: SignedInRequest) -> StreamingHttpResponse:
    """Exactly the leads of the list, as CSV; written down in the ledger."""
    check(request.user, "leads.export")
    filters, _drill = _filtered(request)
    now = timezone.now()
    rows = filters.qs.order_by("-received_at", "-pk")
    record_export(request.user, dict(request.GET.lists()), count_of(rows)[0], now=now)
    response = StreamingHttpResponse(lead_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="leads-{now:%Y-%m-%d-%H%M}.csv"'
    return response


@login_required
@require_GET
def lead(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """The whole truth about one lead."""
    check(request.user, "leads.view")
    try:
        found = lead_or_404(request.user, lead_id)
    except Http404:
        if (merged := merged_lead_for(request.user, lead_id)) is None:
            raise
        return _merged_page(request, *merged)
    return _lead_page(request, found, OutcomeForm(initial={"occurred_at": timezone.localtime()}))


def _merged_page(request: SignedInRequest, old: Lead, goes_on: Lead) -> HttpResponse:
    """A merged lead under its old id: where it goes on, and everything that happened to it."""
    timeline = timeline_of(old, "", request.GET.get("before", ""))
    older = f"?before={timeline.older}#timeline" if timeline.older else ""
    context = {
        "lead": old, "goes_on": goes_on, "timeline": timeline, "older_url": older, "now": timezone.now(),
        "sees": leads_for(request.user).filter(pk=goes_on.pk).exists(),
    }  # fmt: skip
    return render(request, "leads/merged.html", context)


@login_required
@require_POST
def record_outcome(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """Records what became of a lead; the token of the form makes a repeated post harmless."""
    check(request.user, "outcomes.record")
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        return _lead_page(request, lead_or_404(request.user, lead_id), form, status=422)
    found = lead_or_404(request.user, lead_id)
    facts = form.cleaned_data
    result = Result(
        lead_id=found.pk,
        kind=facts["kind"],
        occurred_at=min(facts["occurred_at"], timezone.now()),
        amount=facts["amount"],
        currency=facts["currency"],
        reason=facts["reason"],
        external_id=f"page:{request.POST.get('idempotency_key', '')[:64]}",
        attributes=form.attributes(),
        user_id=request.user.id,
    )
    recorded = journey.conclude([result], now=timezone.now())[0]
    if recorded.refusal:
        form.add_error(None, recorded.refusal)
        return _lead_page(request, lead_or_404(request.user, lead_id), form, status=409)
    messages.success(request, _("Recorded: %(what)s.") % {"what": OutcomeStage(facts["kind"]).label})
    return redirect(f"{reverse('lead', args=[lead_id])}#outcomes")


@login_required
@require_http_methods(["GET", "POST"])
def correct_outcome(request: SignedInRequest, lead_id: str, outcome_id: UUID) -> HttpResponse:
    """States an outcome anew. The version before stays readable and counts no longer."""
    check(request.user, "outcomes.record")
    found, outcome = lead_or_404(request.user, lead_id), _outcome_or_404(request, lead_id, outcome_id)
    if request.method == "GET":
        form = FactsForm(known_kind=outcome.kind, initial=_facts_of(outcome))
    else:
        form = FactsForm(request.POST, known_kind=outcome.kind, initial=_facts_of(outcome))
        if form.is_valid():
            facts, now = form.cleaned_data, timezone.now()
            correction = Correction(
                outcome.pk, request.user.id, min(facts["occurred_at"], now), facts["amount"], facts["currency"],
                facts["reason"], {**outcome.attributes, **form.attributes()},
            )  # fmt: skip
            if _was_corrected(form, correction):
                messages.success(request, _("Restated: %(what)s.") % {"what": outcome.get_kind_display()})
                return redirect(f"{reverse('lead', args=[lead_id])}#outcomes")
    context = {"form": form, "lead": found, "outcome": outcome}
    return render(request, "leads/outcome.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def withdraw_outcome(request: SignedInRequest, lead_id: str, outcome_id: UUID) -> HttpResponse:
    """Takes an outcome back; a lead that it moved goes back to where it stood."""
    check(request.user, "outcomes.record")
    found, outcome = lead_or_404(request.user, lead_id), _outcome_or_404(request, lead_id, outcome_id)
    form = FactsForm(known_kind=outcome.kind, initial=_facts_of(outcome))
    reason = request.POST.get("reason", "")[:300]
    corrected = journey.correct(
        [Correction(outcome.pk, request.user.id, reason=reason, withdraws=True)], now=timezone.now()
    )[0]
    if corrected.outcome is None:
        context = {"form": form, "lead": found, "outcome": outcome, "refusal": corrected.refusal}
        return render(request, "leads/outcome.html", context, status=409)
    messages.success(request, _("Taken back: %(what)s.") % {"what": outcome.get_kind_display()})
    return redirect(f"{reverse('lead', args=[lead_id])}#outcomes")


def _outcome_or_404(request: SignedInRequest, lead_id: str, outcome_id: UUID) -> Outcome:
    lead = lead_or_404(request.user, lead_id)
    return get_object_or_404(Outcome.objects.standing(), pk=outcome_id, lead=lead)


def _facts_of(outcome: Outcome) -> dict[str, Any]:
    return {
        "occurred_at": timezone.localtime(outcome.occurred_at) if outcome.occurred_at else None,
        "amount": outcome.amount,
        "currency": outcome.currency,
        "deal_stage": outcome.attributes.get("stage", ""),
        "reason": outcome.reason,
    }


def _was_corrected(form: FactsForm, correction: Correction) -> bool:
    """False after saying in the form why not."""
    corrected = journey.correct([correction], now=timezone.now())[0]
    if corrected.outcome is None:
        form.add_error(None, corrected.refusal)
    return corrected.outcome is not None


def _lead_page(request: SignedInRequest, found: Lead, form: OutcomeForm, *, status: int = 200) -> HttpResponse:
    kind, cursor = request.GET.get("kind", ""), request.GET.get("before", "")
    sees_ledger = can(request.user, "audit.view")
    view = lead_view(found, request.user, timezone.now(), kind=kind, cursor=cursor, sees_ledger=sees_ledger)
    context: dict[str, Any] = {
        "view": view,
        **action_context(view.card, request.user, came_from="lead"),
        "form": form,
        "kinds": _kind_links(request, kind),
        "older_url": _older_url(request, view),
        "sees_ledger": sees_ledger,
        "can_record": can(request.user, "outcomes.record")
        and found.stage in ("accepted", "opportunity", "won", "lost"),
        "can_undo": _can_undo(request, view),
        "times": times_of([found.pk]).get(found.pk),
        "facts": [(key.replace("_", " ").capitalize(), value) for key, value in found.attributes.items()],
    }
    return render(request, "leads/lead.html", context, status=status)


def _filtered(request: SignedInRequest) -> tuple[LeadFilter, str]:
    """The filter over what this person may see, and in words the number it was opened from, if one."""
    visible = own_leads(request.user) if request.GET.get("owner") == "me" else leads_for(request.user)
    drilled = drill_queryset(request)
    if drilled is not None:
        visible = visible.filter(pk__in=drilled[0].values("pk"))
    return LeadFilter(request.GET, queryset=visible, request=request), drilled[1] if drilled else ""


def _query(request: SignedInRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    for key, value in changes.items():
        query[key] = value
    return query.urlencode()


def _next_url(request: SignedInRequest, cursor: str) -> str:
    return f"?{_query(request, after=cursor)}" if cursor else ""


def _kind_links(request: SignedInRequest, kind: str) -> list[dict[str, Any]]:
    choices = [("", _("All")), *((one.code, one.label) for one in KINDS)]
    return [
        {"label": label, "url": f"?kind={code}#timeline" if code else "?#timeline", "current": code == kind}
        for code, label in choices
    ]


def _older_url(request: SignedInRequest, view: LeadView) -> str:
    if not view.timeline.older:
        return ""
    query = request.GET.copy()
    query["before"] = view.timeline.older
    return f"?{query.urlencode()}#timeline"


def _can_undo(request: SignedInRequest, view: LeadView) -> bool:
    row = view.last_answer
    if row is None or not can(request.user, "leads.decide"):
        return False
    stages = {"accepted": "accepted", "rejected": "rejected", "returned": "nurture"}
    return view.card.lead.stage == stages[row.kind] and view.card.now - row.recorded_at <= timedelta(days=30)
