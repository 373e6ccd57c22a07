"""The pages of spend."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from leads.files import FileShape, UnreadableFile
from leads.models import Campaign, Source, Spend, SpendFile
from leads.money import NotMoney, currency_code, major_units
from leads.spending import CannotUndo, Change, apply_spend, undo_spend
from revops.foundation.models import User
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of, row_or_404, status_of
from revops.portal.imports.uploads import store_upload
from revops.portal.spend.reading import columns_of, plan_of

SHOWN = 200


class SpendFileForm(forms.Form):
    """A file of spend, and what its rows do not say themselves."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or .xlsx with columns called month, source, campaign, amount and currency, as ad platforms export "
            "them. Days of a month add up."
        ),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty. Export it again and check that it has rows."),
        },
    )
    source = forms.ModelChoiceField(
        label=gettext_lazy("Source of rows that name none"),
        queryset=Source.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("Every row names its own"),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency of rows that name none"),
        max_length=3,
        initial=lambda: settings.REPORTING_CURRENCY,
    )

    def clean_currency(self) -> str:
        try:
            return currency_code(self.cleaned_data["currency"])
        except NotMoney as problem:
            raise forms.ValidationError(str(problem)) from None


@needs("sources.view")
@require_GET
def spend_list(request: HttpRequest) -> HttpResponseBase:
    """What is stated, newest month first; the same as CSV, in the form that can be imported again."""
    spend = Spend.objects.select_related("source", "campaign")
    if key := request.GET.get("source"):
        spend = spend.filter(source__key=key)
    if request.GET.get("format") == "csv":
        header = ["month", "source", "campaign", "amount", "currency"]
        rows = spend.order_by("month_on", "source__key", "campaign__key", "currency")
        lines = ([f"{r.month_on:%Y-%m}", r.source.key, r.campaign.key if r.campaign else "", r.amount, r.currency]
                 for r in rows.iterator())  # fmt: skip
        return csv_response("spend", header, lines)
    page = page_of(spend, ("-month_on", "-pk"), request)
    context = {
        "rows": page.rows,
        "page": page,
        "files": SpendFile.objects.select_related("file", "created_by").filter(file__isnull=False)[:10],
        "sources": [(source.key, source.name) for source in Source.objects.order_by("name")],
        "active": 1 if request.GET.get("source") else 0,
        "may_manage": can(person_of(request), "campaigns.manage"),
        "csv_url": f"?{query_of(request, format='csv')}",
    }
    return render(request, "spend/list.html", context)


@needs("campaigns.manage")
def spend_import(request: HttpRequest) -> HttpResponse:
    """Takes a file; nothing is stated before somebody has looked at what it would change."""
    form = SpendFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("spend-file", _stored(form, person_of(request)).public_id)
        except UnreadableFile as problem:
            form.add_error("file", problem.words)
    return render(request, "spend/import.html", {"form": form}, status=status_of(form))


def _stored(form: SpendFileForm, person: User) -> SpendFile:
    upload, now = form.cleaned_data["file"], timezone.now()
    file = store_upload(upload.chunks(), upload.name, person, now)
    return SpendFile.objects.create(
        file=file,
        columns=columns_of(FileShape.from_json(file.shape)),
        currency=form.cleaned_data["currency"],
        source=form.cleaned_data["source"],
        created_by=person,
        created_at=now,
    )


@needs("sources.view")
@require_GET
def spend_file(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a file would change, or changed."""
    found = _file(public_id)
    context: dict[str, Any] = {"found": found, "may_manage": can(person_of(request), "campaigns.manage")}
    if found.applied_at is None:
        try:
            plan = plan_of(found)
        except UnreadableFile as problem:
            context["problem"] = problem.words
        else:
            context |= {"plan": plan, "changes": _shown(plan.changes), "problems": plan.problems[:SHOWN]}
    else:
        rows = found.changes.select_related("source", "campaign").order_by("month_on", "source__name")[:SHOWN]
        context["changes"] = [_line(row, row.source, row.campaign, row.before_minor, row.after_minor) for row in rows]
    return render(request, "spend/file.html", context)


def _file(public_id: str) -> SpendFile:
    rows = SpendFile.objects.select_related("file", "source", "created_by", "undone_by")
    found: SpendFile = row_or_404(rows.filter(file__isnull=False), "spend", public_id)
    return found


def _shown(changes: list[Change]) -> list[dict[str, Any]]:
    sources = {source.pk: source for source in Source.objects.all()}
    campaigns: dict[Any, Campaign] = Campaign.objects.in_bulk([change.place.campaign_id for change in changes])
    lines = []
    for one in changes[:SHOWN]:
        place = one.place
        campaign = campaigns.get(place.campaign_id)
        lines.append(_line(place, sources[place.source_id], campaign, one.before_minor, one.after_minor))
    return lines


def _line(place: Any, source: Source, campaign: Campaign | None, before: int | None, after: int) -> dict[str, Any]:
    return {
        "month_on": place.month_on,
        "source": source,
        "campaign": campaign,
        "currency": place.currency,
        "before": None if before is None else major_units(before, place.currency),
        "after": major_units(after, place.currency),
    }


@needs("campaigns.manage")
@require_POST
def take_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """States what the file says. What it says already, and rows with problems, change nothing."""
    found = _file(public_id)
    try:
        plan = plan_of(found)
    except UnreadableFile as problem:
        messages.error(request, problem.words)
        return redirect("spend-file", public_id)
    found.counts = {"rows": plan.rows, "unchanged": plan.unchanged, "problems": len(plan.problems)}
    changed = apply_spend(found, plan.changes, by=person_of(request), now=timezone.now())
    words = ngettext("%(n)s month is stated.", "%(n)s months are stated.", changed) % {"n": changed}
    messages.success(request, words + " " + _("You can undo this as a whole."))
    return redirect("spend-file", public_id)


@needs("campaigns.manage")
@require_POST
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Puts back what stood before the file."""
    try:
        n = undo_spend(_file(public_id), by=person_of(request), now=timezone.now())
    except CannotUndo as problem:
        messages.error(request, str(problem))
    else:
        words = ngettext(
            "Undone: %(n)s month says again what it said before.",
            "Undone: %(n)s months say again what they said before.",
            n,
        )
        messages.success(request, words % {"n": n})
    return redirect("spend-file", public_id)
