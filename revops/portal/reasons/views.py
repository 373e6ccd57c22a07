"""The catalogue of reasons: what sales may say, what follows from it, and who changed it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.models import Disposition, DispositionKind, ReasonCode, ReasonFamily
from feedback.reason_lint import lint_reason
from feedback.reasons import OutdatedReason, free_digits, history_of_reason, save_reason
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, facts_of, needs, note, person_of
from revops.portal.reasons.changes import change_rows
from revops.portal.reasons.forms import FamilyForm, ReasonForm, criterion_words
from revops.portal.reasons.tabs import tabs_for

COUNTED = timedelta(days=90)


@needs("leads.view")
@require_GET
def reason_list(request: HttpRequest) -> HttpResponseBase:
    """All reasons by family, as the reject sheet offers them, with how often each was given; also as CSV."""
    shows_retired = request.GET.get("show") == "retired"
    rows = list(ReasonCode.objects.select_related("family"))
    if request.GET.get("format") == "csv":
        return _csv(rows)
    given = _given()
    families = [
        {
            "family": family,
            "key": str(family.digit % 10),
            "reasons": [
                {
                    "reason": row,
                    "key": str(row.digit % 10),
                    "given": given[row.code],
                    "criterion": criterion_words(row.criterion),
                }
                for row in rows
                if row.family_id == family.code and row.is_active is not shows_retired
            ],
        }
        for family in ReasonFamily.objects.all()
    ]
    context = {
        "families": [one for one in families if one["reasons"] or not shows_retired],
        "retired": sum(1 for row in rows if not row.is_active),
        "shows_retired": shows_retired,
        "gaps": sum(given[row.code] for row in rows if row.is_outside_criteria),
        "days": COUNTED.days,
        "tabs": tabs_for(request, "reasons"),
        "may_manage": can(person_of(request), "reasons.manage"),
    }
    return render(request, "reasons/list.html", context)


@needs("reasons.manage")
def reason_new(request: HttpRequest) -> HttpResponse:
    """Adds a reason. `label` and `gap` in the address come from a criteria gap."""
    first = ReasonFamily.objects.order_by("digit").first()
    family = request.GET.get("family") or (first.pk if first else "")
    free = free_digits(family)
    key = free[0] if free else None
    start = {"family": family, "digit": key, "label": request.GET.get("label", "")[:120]}
    form = ReasonForm(request.POST or None, instance=ReasonCode(is_active=True, digit=key or 0), initial=start)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form)
        if saved is not None:
            messages.success(request, _("“%(label)s” is on the sheet now.") % {"label": saved.label})
            return redirect("reason", saved.code)
    return _form_page(request, form, "reasons/new.html")


@needs("leads.view")
def reason_page(request: HttpRequest, code: str) -> HttpResponse:
    """One reason: what it asks, what follows, who changed it; those who may, change it here."""
    reason = get_object_or_404(ReasonCode.objects.select_related("family"), pk=code)
    if not can(person_of(request), "reasons.manage"):
        return render(request, "reasons/reason.html", _context(request, reason, None))
    form = ReasonForm(request.POST or None, instance=ReasonCode.objects.get(pk=code))
    if request.method == "POST" and form.is_valid():
        form.instance.is_active = reason.is_active
        saved = _save(request, form, form.cleaned_data["version"])
        if saved is not None:
            messages.success(request, _("“%(label)s” is saved.") % {"label": saved.label})
            return redirect("reason", code)
    return _form_page(request, form, "reasons/reason.html", **_context(request, reason, form))


@needs("reasons.manage")
@require_POST
def switch(request: HttpRequest, code: str, is_active: bool) -> HttpResponse:
    """Retires a reason, or takes it back into use; where it was given it stays readable."""
    reason = get_object_or_404(ReasonCode, pk=code)
    reason.is_active = is_active
    try:
        with transaction.atomic():
            save_reason(reason, person_of(request), now=timezone.now())
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("reason", code)
    words = (
        _("“%(label)s” is back on the sheet.") if is_active else _("“%(label)s” is retired. Its past stays readable.")
    )
    messages.success(request, words % {"label": reason.label})
    return redirect("reason", code)


@needs("reasons.manage")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """How the reason looks on the sheet, and what is vague about it, while it is written."""
    known = ReasonCode.objects.filter(pk=request.POST.get("known", "")).first()
    form = ReasonForm(request.POST, instance=known or ReasonCode(is_active=True))
    form.is_valid()
    return render(request, "reasons/_preview.html", _preview(form.instance))


@needs("reasons.manage")
def family(request: HttpRequest, code: str) -> HttpResponse:
    """Renames a family."""
    row = get_object_or_404(ReasonFamily, pk=code)
    before = facts_of(row, ("code", "label"))
    form = FamilyForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            after = facts_of(row, ("code", "label"))
            by, now = person_of(request), timezone.now()
            note(by, "reason_family.renamed", row, now, before=before, after=after, cause=code)
        messages.success(request, _("The family is “%(label)s” now.") % {"label": row.label})
        return redirect("reasons")
    return render(request, "reasons/family.html", {"form": form, "family": row}, status=422 if form.errors else 200)


def _save(request: HttpRequest, form: ReasonForm, version: int | None = None) -> ReasonCode | None:
    """The saved reason; None after saying at the fields why it was not saved."""
    try:
        with transaction.atomic():
            return save_reason(form.instance, person_of(request), now=timezone.now(), version=version)
    except ValidationError as problem:
        form.show(problem)
    except OutdatedReason:
        words = _("Somebody changed this reason since you opened it: see the history below. Save again to keep yours.")
        form.add_error(None, words)
        form.keep_up()
    return None


def _form_page(request: HttpRequest, form: ReasonForm, template: str, /, **context: Any) -> HttpResponse:
    status = (409 if form.is_outdated else 422) if form.errors else 200
    values = {"form": form, "tabs": tabs_for(request, "reasons"), **_preview(form.instance), **context}
    return render(request, template, values, status=status)


def _context(request: HttpRequest, reason: ReasonCode, form: ReasonForm | None) -> dict[str, Any]:
    rows = Disposition.objects.filter(reason=reason, kind=DispositionKind.REJECTED, undone_by__isnull=True)
    return {
        "reason": reason,
        "form": form,
        "may_manage": form is not None,
        "changes": change_rows(history_of_reason(reason.code)),
        "given": rows.filter(is_history=False).count(),
        **_preview(form.instance if form is not None and form.is_bound else reason),
    }


def _preview(reason: ReasonCode) -> dict[str, Any]:
    others = ReasonCode.objects.filter(is_active=True)
    return {
        "shown": reason,
        "shown_key": str((reason.digit or 0) % 10),
        "remarks": lint_reason(reason, others) if reason.label else [],
    }


def _given() -> Counter[str]:
    """How often each reason was given lately."""
    since = timezone.now() - COUNTED
    rows = Disposition.objects.filter(kind=DispositionKind.REJECTED, undone_by__isnull=True, decided_at__gte=since)
    return Counter(dict(rows.order_by().values_list("reason_id").annotate(Count("pk"))))


def _csv(rows: list[ReasonCode]) -> HttpResponseBase:
    header = ["code", "family", "label", "key", "evidence_kind", "evidence_question", "root_cause", "mended_by",
              "way_back", "consequence", "criterion", "gives_turn_back", "in_use"]  # fmt: skip
    lines = [
        [
            row.code, row.family_id, row.label, row.digit % 10, row.evidence_kind, row.evidence_question,
            row.root_cause, row.mended_by, row.recycle, row.consequence, row.criterion,
            "yes" if row.is_creditable else "no", "yes" if row.is_active else "no",
        ]
        for row in rows
    ]  # fmt: skip
    return csv_response("reasons", header, lines)
