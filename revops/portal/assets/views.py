"""The pages of content assets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from feedback.attraction import PARTS, reached_by
from leads.campaign_register import archive, save_asset
from leads.models import Asset
from leads.models.assets import AssetKind, Audience
from revops.foundation.policy import can
from revops.portal.assets.forms import CHECKS, AssetForm
from revops.portal.assets.numbers import AssetRow, part_chart, rows_of, who_it_attracts
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of, status_of
from revops.portal.sources.views import plain

STATES = {"": gettext_lazy("In use"), "archived": gettext_lazy("Archive")}


@needs("sources.view")
@require_GET
def asset_list(request: HttpRequest) -> HttpResponseBase:
    """All assets with whom they attract; the same as CSV."""
    now, is_archive = timezone.now(), request.GET.get("state") == "archived"
    assets = _filtered(request, is_archive=is_archive)
    if request.GET.get("format") == "csv":
        return _csv(rows_of(list(assets.order_by("name")), now))
    page = page_of(assets, ("name", "pk"), request)
    rows = rows_of(list(page.rows), now)
    context = {
        "rows": rows,
        "page": page,
        "heat": who_it_attracts(rows) if any(row.known for row in rows) else None,
        "tabs": [
            {"label": str(words), "url": f"?{query_of(request, state=name)}", "count": None,
             "current": (name == "archived") == is_archive}
            for name, words in STATES.items()
        ],
        "kinds": AssetKind.choices,
        "audiences": Audience.choices,
        "active": sum(1 for name in ("q", "kind", "audience") if request.GET.get(name)),
        "may_manage": can(person_of(request), "campaigns.manage"),
        "csv_url": f"?{query_of(request, format='csv')}",
    }  # fmt: skip
    return render(request, "assets/list.html", context)


def _filtered(request: HttpRequest, *, is_archive: bool) -> QuerySet[Asset]:
    assets = Asset.objects.filter(archived_at__isnull=not is_archive)
    asked = request.GET
    if words := asked.get("q", "").strip():
        assets = assets.filter(Q(name__icontains=words) | Q(key__icontains=words) | Q(topic__icontains=words))
    if asked.get("kind") in AssetKind.values:
        assets = assets.filter(kind=asked["kind"])
    if asked.get("audience") in Audience.values:
        assets = assets.filter(audience=asked["audience"])
    return assets


def _csv(rows: list[AssetRow]) -> HttpResponseBase:
    header = [
        "key", "name", "kind", "topic", "audience", "level", "checks", "cold_after_days", "leads", "cold", "role_known",
        "deciders", "answered", "accepted", "acceptance",
    ]  # fmt: skip
    lines = []
    for row in rows:
        asset, of = row.asset, row.all
        lines.append([
            asset.key, asset.name, asset.kind, asset.topic, asset.audience, asset.level, len(asset.checks),
            asset.cold_after_days, of.leads, of.cold, row.known, row.deciders, of.answered, of.accepted,
            plain(of.acceptance),
        ])  # fmt: skip
    return csv_response("assets", header, lines)


@needs("campaigns.manage")
def asset_new(request: HttpRequest) -> HttpResponse:
    """Registers an asset."""
    form = AssetForm(request.POST or None, instance=Asset(created_at=timezone.now(), cold_after_days=0))
    if not form.is_bound:
        form.initial["cold_after_days"] = ""
    if request.method == "POST" and form.is_valid():
        return _saved(request, form)
    return render(request, "assets/form.html", {"form": form}, status=status_of(form))


@needs("campaigns.manage")
def asset_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Changes an asset."""
    asset = get_object_or_404(Asset, key=key)
    form = AssetForm(request.POST or None, instance=asset)
    if request.method == "POST" and form.is_valid():
        return _saved(request, form)
    return render(request, "assets/form.html", {"form": form, "asset": asset}, status=status_of(form))


def _saved(request: HttpRequest, form: AssetForm) -> HttpResponse:
    asset = form.described()
    save_asset(asset, by=person_of(request), now=timezone.now())
    messages.success(
        request, _("“%(name)s” is saved. Whom it reached is counted within minutes.") % {"name": asset.name}
    )
    return redirect("asset", asset.key)


@needs("sources.view")
@require_GET
def asset_page(request: HttpRequest, key: str) -> HttpResponse:
    """One asset: whom it was made for, and whom it really attracts."""
    now = timezone.now()
    asset = get_object_or_404(Asset.objects.select_related("owner"), key=key)
    parts = {part: reached_by(part, [asset.pk], now=now)[asset.pk] for part in PARTS}
    row = AssetRow(asset, parts["seniority"])
    context: dict[str, Any] = {
        "asset": asset,
        "row": row,
        "all": row.all,
        "interval": row.all.interval,
        "charts": [part_chart(part, rows) for part, rows in parts.items()] if row.all.leads else [],
        "checks": [(words, code in asset.checks) for code, words in CHECKS],
        "may_manage": can(person_of(request), "campaigns.manage"),
    }
    return render(request, "assets/asset.html", context)


@needs("campaigns.manage")
@require_POST
def archive_asset(request: HttpRequest, key: str, put: bool) -> HttpResponse:
    """Puts an asset into the archive, or takes it out again."""
    asset = get_object_or_404(Asset, key=key)
    archive(asset, is_archived=put, by=person_of(request), now=timezone.now())
    words = _("“%(name)s” is in the archive.") if put else _("“%(name)s” is back from the archive.")
    messages.success(request, words % {"name": asset.name})
    return redirect("asset", key)
