"""The pages of the source register."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from leads.models import Source, Spend
from leads.models.sources import SourceKind, SourceState
from leads.money import minor_units
from leads.source_exceptions import ExceptionRefused, end_exception, grant_exception
from leads.source_limits import SALES_TIER
from revops.foundation.models import LedgerEntry
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, facts_of, needs, note, page_of, person_of, query_of, status_of
from revops.portal.sources.forms import ExceptionForm, SourceForm, SpendForm
from revops.portal.sources.limits import kept_from_sales, look_again
from revops.portal.sources.numbers import MONTHS, Months, SourceRow, rows_of

TONES = {"active": "good", "pilot": "note", "stopped": "neutral"}
IN_LEDGER = ("name", "key", "kind", "state", "owner_id", "readiness", "allowed_tiers")


@needs("sources.view")
@require_GET
def source_list(request: HttpRequest) -> HttpResponseBase:
    """All sources with what they brought and cost; the same as CSV."""
    months = _months(request)
    sources = _filtered(request)
    if request.GET.get("format") == "csv":
        return _csv(rows_of(list(sources.order_by("name")), Months.up_to(timezone.now(), months)))
    page = page_of(sources, ("name", "pk"), request)
    span = Months.up_to(timezone.now(), months)
    context = {
        "rows": rows_of(list(page.rows), span),
        "page": page,
        "span": span,
        "months": [{"label": _words(n), "url": f"?{query_of(request, months=str(n))}", "current": n == months}
                   for n in MONTHS],
        "month_words": _words(months),
        "kept_months": months,
        "kinds": SourceKind.choices,
        "states": SourceState.choices,
        "tones": TONES,
        "active": sum(1 for name in ("q", "kind", "state") if request.GET.get(name)),
        "may_manage": can(person_of(request), "sources.manage"),
        "currency": settings.REPORTING_CURRENCY,
        "csv_url": f"?{query_of(request, format='csv')}",
    }  # fmt: skip
    return render(request, "sources/list.html", context)


def _months(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    return int(asked) if asked.isdecimal() and int(asked) in MONTHS else 3


def _words(months: int) -> str:
    return _("This month") if months == 1 else _("%(n)d months") % {"n": months}


def _filtered(request: HttpRequest) -> QuerySet[Source]:
    sources = Source.objects.select_related("owner")
    asked = request.GET
    if words := asked.get("q", "").strip():
        sources = sources.filter(Q(name__icontains=words) | Q(key__icontains=words))
    if asked.get("kind") in SourceKind.values:
        sources = sources.filter(kind=asked["kind"])
    if asked.get("state") in SourceState.values:
        sources = sources.filter(state=asked["state"])
    return sources


def plain(amount: float | None) -> str:
    """A sum as files hold it; empty where it is not known."""
    return "" if amount is None else f"{amount:.2f}"


def _csv(rows: list[SourceRow]) -> HttpResponseBase:
    header = ["key", "name", "kind", "state", "leads", "answered", "accepted", "spend", "cost_per_accepted", "currency"]
    lines = [
        [
            row.source.key, row.source.name, row.source.kind, row.source.state, row.yielded.leads, row.answered,
            row.accepted, plain(row.yielded.spend), plain(row.yielded.cost),
            settings.REPORTING_CURRENCY,
        ]
        for row in rows
    ]  # fmt: skip
    return csv_response("sources", header, lines)


@needs("sources.manage")
def source_new(request: HttpRequest) -> HttpResponse:
    """Registers a source."""
    form = SourceForm(request.POST or None, instance=Source(created_at=timezone.now()))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            source = form.save()
            note(person_of(request), "source.registered", source, timezone.now(), after=facts_of(source, IN_LEDGER))
        messages.success(request, _("“%(name)s” is registered.") % {"name": source.name})
        return redirect("source", source.key)
    return render(request, "sources/new.html", {"form": form}, status=status_of(form))


@needs("sources.view")
def source_page(request: HttpRequest, key: str) -> HttpResponse:
    """One source: its numbers, spend by month, campaigns; managers change it here."""
    source = get_object_or_404(Source.objects.select_related("owner"), key=key)
    may_manage = can(person_of(request), "sources.manage")
    form = None
    if may_manage:
        before = facts_of(source, IN_LEDGER)
        form = SourceForm(request.POST or None, instance=source)
        if request.method == "POST" and form.is_valid():
            _save(request, form, before)
            return redirect("source", source.key)
    return _source_page(request, source, form, SpendForm())


def _save(request: HttpRequest, form: Any, before: dict[str, Any]) -> None:
    now = timezone.now()
    with transaction.atomic():
        source = form.save()
        after = facts_of(source, IN_LEDGER)
        note(person_of(request), "source.changed", source, now, before=before, after=after)
        freed = look_again(source, before["allowed_tiers"], now)
    messages.success(request, _("“%(name)s” is saved.") % {"name": source.name})
    if freed:
        words = ngettext(
            "%(n)d lead that it kept from sales is looked at again now.",
            "%(n)d leads that it kept from sales are looked at again now.",
            freed,
        )
        messages.info(request, words % {"n": freed})


@needs("sources.manage")
@require_POST
def change_state(request: HttpRequest, key: str, state: str) -> HttpResponse:
    """Stops a source, or lets it go on."""
    with transaction.atomic():
        source = get_object_or_404(Source.objects.select_for_update(of=("self",)), key=key)
        before = {"state": source.state}
        source.state = SourceState.STOPPED if state == "stop" else SourceState.ACTIVE
        source.save(update_fields=["state"])
        action = "source.stopped" if state == "stop" else "source.started"
        note(person_of(request), action, source, timezone.now(), before=before, after={"state": source.state})
    words = {
        "stop": _("“%(name)s” is stopped. What it sends is kept in quarantine."),
        "start": _("“%(name)s” is active again."),
    }
    messages.success(request, words[state] % {"name": source.name})
    return redirect("source", source.key)


@needs("overrides.grant")
@require_POST
def make_exception(request: HttpRequest, key: str) -> HttpResponse:
    """An executive lets a purchased list in for a while."""
    source = get_object_or_404(Source.objects.select_related("owner"), key=key)
    form = ExceptionForm(request.POST)
    if form.is_valid():
        zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
        until = datetime.combine(form.cleaned_data["until"], time(23, 59, 59), zone)
        try:
            grant_exception(
                source, until=until, reason=form.cleaned_data["reason"], by=person_of(request), now=timezone.now()
            )
        except ExceptionRefused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("“%(name)s” is let in until then.") % {"name": source.name})
            return redirect("source", key)
    return _source_page(request, source, _form_of(request, source), SpendForm(), form)


@needs("overrides.grant")
@require_POST
def end_the_exception(request: HttpRequest, key: str) -> HttpResponse:
    """Refuses a purchased list again."""
    source = get_object_or_404(Source, key=key)
    if end_exception(source, by=person_of(request), now=timezone.now()):
        messages.success(request, _("“%(name)s” is refused again.") % {"name": source.name})
    return redirect("source", key)


def _form_of(request: HttpRequest, source: Source) -> SourceForm | None:
    return SourceForm(instance=source) if can(person_of(request), "sources.manage") else None


@needs("sources.manage")
@require_POST
def state_spend(request: HttpRequest, key: str) -> HttpResponse:
    """States what a source cost in a month; a second statement of the same month replaces the first."""
    source = get_object_or_404(Source.objects.select_related("owner"), key=key)
    form = SpendForm(request.POST)
    if not form.is_valid():
        return _source_page(request, source, SourceForm(instance=source), form)
    month, amount, currency = (form.cleaned_data[name] for name in ("month", "amount", "currency"))
    with transaction.atomic():
        known = Spend.objects.filter(source=source, campaign=None, month_on=month, currency=currency)
        earlier = known.select_for_update().first()
        Spend.objects.update_or_create(
            source=source, campaign=None, month_on=month, currency=currency,
            defaults={"amount_minor": minor_units(amount, currency)},
        )  # fmt: skip
        said = {"month": f"{month:%Y-%m}", "currency": currency}
        note(
            person_of(request), "spend.stated", source, timezone.now(),
            after={**said, "amount": str(amount), "instead_of": str(earlier.amount) if earlier else None},
        )  # fmt: skip
    messages.success(
        request,
        _("%(amount)s %(currency)s are stated for %(month)s.")
        % {"amount": amount, "currency": currency, "month": f"{month:%B %Y}"},
    )
    return redirect("source", source.key)


def _source_page(
    request: HttpRequest, source: Source, form: Any, spend_form: SpendForm, exception_form: ExceptionForm | None = None
) -> HttpResponse:
    span = Months.up_to(timezone.now(), 12)
    (row,) = rows_of([source], span)
    if exception_form is None and source.is_refused(timezone.now()) and can(person_of(request), "overrides.grant"):
        exception_form = ExceptionForm()
    context = {
        "source": source,
        "exception_form": exception_form,
        "exceptions": source.exceptions.select_related("granted_by")[:5] if source.kind == "purchased" else [],
        "is_let_in": source.kind == "purchased" and not source.is_refused(timezone.now()),
        "may_except": can(person_of(request), "overrides.grant"),
        "history": LedgerEntry.objects.filter(subject_kind="source", subject_id=source.pk).order_by("-id")[:12],
        "row": row,
        "kept": kept_from_sales([source]).get(source.pk, 0),
        "is_limited": SALES_TIER not in source.allowed_tiers,
        "answered": _("of %(n)s answered") % {"n": row.answered},
        "span": span,
        "form": form,
        "spend_form": spend_form,
        "spend": source.spend.select_related("campaign").order_by("-month_on", "currency", "campaign__name")[:36],
        "campaigns": source.campaigns.annotate(n=Count("leads")).order_by("-n", "name")[:50],
        "tones": TONES,
        "may_manage": can(person_of(request), "sources.manage"),
        "currency": settings.REPORTING_CURRENCY,
    }
    bad = any(one is not None and status_of(one) == 422 for one in (form, spend_form, exception_form))
    return render(request, "sources/source.html", context, status=422 if bad else 200)
