"""The pages of campaigns."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from leads.campaign_register import CannotTakeUp, archive, save_campaign, take_up
from leads.models import Campaign, Lead, Source
from leads.models.campaigns import CampaignKind
from leads.money import major_units
from leads.utm_rules import write_rules
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of, row_or_404, status_of
from revops.portal.campaigns.forms import CampaignForm, TakeUpForm
from revops.portal.campaigns.numbers import CampaignRow, by_month, cost_chart, days_words, rows_of, touches_of
from revops.portal.campaigns.working import start_resolving
from revops.portal.sources.numbers import MONTHS, Months
from revops.portal.sources.views import plain

STATES = {
    "described": gettext_lazy("Described"),
    "found": gettext_lazy("Found in traffic"),
    "archived": gettext_lazy("Archive"),
}


@needs("sources.view")
@require_GET
def campaign_list(request: HttpRequest) -> HttpResponseBase:
    """All campaigns with what they brought and cost; the same as CSV."""
    count = _months(request)
    span = Months.up_to(timezone.now(), count)
    state = request.GET.get("state") if request.GET.get("state") in STATES else "described"
    campaigns = _filtered(request, str(state))
    if request.GET.get("format") == "csv":
        return _csv(rows_of(list(campaigns.order_by("name")), span))
    page = page_of(campaigns, ("name", "pk"), request)
    rows = rows_of(list(page.rows), span)
    context = {
        "rows": rows,
        "page": page,
        "span": span,
        "state": state,
        "months": [
            {"label": _("This month") if n == 1 else _("%(n)d months") % {"n": n},
             "url": f"?{query_of(request, months=str(n))}", "current": n == count}
            for n in MONTHS
        ],
        "kept_months": count,
        "tabs": _tabs(request, str(state)),
        "kinds": CampaignKind.choices,
        "sources": [(source.key, source.name) for source in Source.objects.order_by("name")],
        "active": sum(1 for name in ("q", "kind", "source") if request.GET.get(name)),
        "chart": cost_chart(rows, settings.REPORTING_CURRENCY),
        "may_manage": can(person_of(request), "campaigns.manage"),
        "currency": settings.REPORTING_CURRENCY,
        "csv_url": f"?{query_of(request, format='csv')}",
    }  # fmt: skip
    return render(request, "campaigns/list.html", context)


def _months(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    return int(asked) if asked.isdecimal() and int(asked) in MONTHS else 3


def _tabs(request: HttpRequest, state: str) -> list[dict[str, Any]]:
    counts = {
        "described": Campaign.objects.running().filter(described_at__isnull=False).count(),
        "found": Campaign.objects.found().count(),
        "archived": Campaign.objects.filter(archived_at__isnull=False).count(),
    }
    return [
        {"label": str(words), "url": f"?{query_of(request, state=name)}", "count": counts[name],
         "current": name == state}
        for name, words in STATES.items()
    ]  # fmt: skip


def _filtered(request: HttpRequest, state: str) -> QuerySet[Campaign]:
    campaigns = Campaign.objects.select_related("source", "owner")
    asked = request.GET
    if state == "archived":
        campaigns = campaigns.filter(archived_at__isnull=False)
    else:
        campaigns = campaigns.filter(archived_at__isnull=True, described_at__isnull=state == "found")
    if words := asked.get("q", "").strip():
        campaigns = campaigns.filter(Q(name__icontains=words) | Q(key__icontains=words))
    if asked.get("kind") in CampaignKind.values:
        campaigns = campaigns.filter(kind=asked["kind"])
    if asked.get("source"):
        campaigns = campaigns.filter(source__key=asked["source"])
    return campaigns


def _csv(rows: list[CampaignRow]) -> HttpResponseBase:
    header = [
        "id", "key", "name", "source", "kind", "owner", "starts_on", "ends_on", "budget", "budget_currency", "rules",
        "leads", "handed_off", "accepted", "rejected", "spend", "cost_per_accepted", "currency",
    ]  # fmt: skip
    lines = []
    for row in rows:
        one, of = row.campaign, row.yielded
        budget = "" if one.budget_minor is None else major_units(one.budget_minor, one.currency)
        lines.append([
            one.public_id, one.key, one.name, one.source.key, one.kind, one.owner.email if one.owner else "",
            one.starts_on or "", one.ends_on or "", budget, one.currency, write_rules(one.match).replace("\n", "; "),
            of.leads, of.handed_off, of.accepted, of.rejected, plain(of.spend), plain(of.cost),
            settings.REPORTING_CURRENCY,
        ])  # fmt: skip
    return csv_response("campaigns", header, lines)


@needs("campaigns.manage")
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Describes a campaign before its first visitor."""
    form = CampaignForm(request.POST or None, instance=Campaign(created_at=timezone.now()))
    if request.method == "POST" and form.is_valid():
        return _saved(request, form)
    return render(request, "campaigns/form.html", {"form": form}, status=status_of(form))


@needs("campaigns.manage")
def campaign_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Describes a found campaign, or changes one."""
    campaign = row_or_404(Campaign.objects.select_related("source"), "campaign", public_id)
    form = CampaignForm(request.POST or None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        return _saved(request, form)
    return render(request, "campaigns/form.html", {"form": form, "campaign": campaign}, status=status_of(form))


def _saved(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    now, person = timezone.now(), person_of(request)
    with transaction.atomic():
        campaign = form.described()
        before = save_campaign(campaign, by=person, now=now)
        start_resolving(campaign.source_id, before, person, now)
    messages.success(request, _("“%(name)s” is saved.") % {"name": campaign.name})
    return redirect("campaign", campaign.public_id)


@needs("sources.view")
@require_GET
def campaign_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One campaign: what it brought and cost by month, whom it touched, which values belong to it."""
    return _page(request, row_or_404(Campaign.objects.select_related("source", "owner"), "campaign", public_id))


def _page(request: HttpRequest, campaign: Campaign, take_up_form: TakeUpForm | None = None) -> HttpResponse:
    now = timezone.now()
    span = Months.up_to(now, 12)
    months = by_month(campaign, span)
    may_manage = can(person_of(request), "campaigns.manage")
    is_found = campaign.described_at is None and campaign.archived_at is None
    if may_manage and is_found and take_up_form is None:
        take_up_form = TakeUpForm(found=campaign)
    (row,) = rows_of([campaign], span)
    lately = Lead.objects.shown().filter(campaign=campaign).select_related("person", "account")
    context = {
        "campaign": campaign,
        "row": row,
        "months": months,
        "span": span,
        "days": days_words(campaign, now),
        "touches": touches_of(campaign.pk),
        "rules": write_rules(campaign.match).splitlines(),
        "budget": None if campaign.budget_minor is None else major_units(campaign.budget_minor, campaign.currency),
        "leads": lately.order_by("-received_at")[:10],
        "is_found": is_found,
        "take_up_form": take_up_form,
        "may_manage": may_manage,
        "currency": settings.REPORTING_CURRENCY,
    }
    return render(request, "campaigns/campaign.html", context, status=status_of(take_up_form) if take_up_form else 200)


@needs("campaigns.manage")
@require_POST
def archive_campaign(request: HttpRequest, public_id: str, put: bool) -> HttpResponse:
    """Puts a campaign into the archive, or takes it out again."""
    campaign = row_or_404(Campaign.objects.all(), "campaign", public_id)
    archive(campaign, is_archived=put, by=person_of(request), now=timezone.now())
    words = _("“%(name)s” is in the archive.") if put else _("“%(name)s” is back from the archive.")
    messages.success(request, words % {"name": campaign.name})
    return redirect("campaign", public_id)


@needs("campaigns.manage")
@require_POST
def take_up_campaign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Says that a found value belongs to a campaign that exists; its leads move there."""
    campaign = row_or_404(Campaign.objects.select_related("source", "owner"), "campaign", public_id)
    form = TakeUpForm(request.POST, found=campaign)
    if not form.is_valid():
        return _page(request, campaign, form)
    into, now, person = form.cleaned_data["into"], timezone.now(), person_of(request)
    try:
        with transaction.atomic():
            start_resolving(campaign.source_id, take_up(campaign, into, by=person, now=now), person, now)
    except CannotTakeUp as problem:
        form.add_error(None, str(problem))
        return _page(request, campaign, form)
    words = _("“%(key)s” belongs to “%(name)s” now; its leads move there.")
    messages.success(request, words % {"key": campaign.key, "name": into.name})
    return redirect("campaign", into.public_id)
