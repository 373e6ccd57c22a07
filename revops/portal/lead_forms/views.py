"""Where marketing makes and changes lead forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import LeadForm
from leads.models.forms import FormState
from revops.portal.back_office import facts_of, needs, note, page_of, person_of, status_of
from revops.portal.lead_forms.forms import LeadFormForm

_IN_LEDGER = (
    "title", "slug", "intro", "source_id", "signal_kind_id", "topic", "fields", "consent_text", "thanks", "state",
)  # fmt: skip


@needs("forms.manage")
@require_GET
def form_list(request: HttpRequest) -> HttpResponse:
    """All lead forms."""
    rows = LeadForm.objects.select_related("source", "signal_kind")
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(Q(title__icontains=words) | Q(slug__icontains=words))
    if request.GET.get("state") in FormState.values:
        rows = rows.filter(state=request.GET["state"])
    context = {
        "page": page_of(rows, ("title", "pk"), request),
        "states": FormState.choices,
        "active": sum(1 for name in ("q", "state") if request.GET.get(name)),
    }
    return render(request, "lead_forms/list.html", context)


@needs("forms.manage")
def form_new(request: HttpRequest) -> HttpResponse:
    """Makes a lead form."""
    consent = _("You may contact me about my request. I can withdraw this at any time.")
    blank = LeadForm(
        created_at=timezone.now(),
        consent_text=consent,
        thanks=_("Thank you. We will be in touch."),
        fields=[{"name": name, "required": True} for name in ("email", "first_name", "last_name", "company")],
    )
    return _edit(request, blank, "form.created")


@needs("forms.manage")
def form_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Changes a lead form."""
    return _edit(request, get_object_or_404(LeadForm.objects.select_related("source"), slug=slug), "form.changed")


def _edit(request: HttpRequest, lead_form: LeadForm, action: str) -> HttpResponse:
    is_new = lead_form._state.adding
    before = None if is_new else _facts(lead_form)
    form = LeadFormForm(request.POST or None, instance=lead_form)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            note(person_of(request), action, saved, timezone.now(), before=before, after=_facts(saved))
        messages.success(request, _("“%(title)s” is saved.") % {"title": saved.title})
        return redirect("form", saved.slug)
    context: dict[str, Any] = {"form": form, "lead_form": None if is_new else lead_form}
    if not is_new:
        context["address"] = request.build_absolute_uri(reverse("hosted-form", args=[lead_form.slug]))
    return render(request, "lead_forms/edit.html", context, status=status_of(form))


def _facts(lead_form: LeadForm) -> dict[str, Any]:
    return facts_of(lead_form, _IN_LEDGER)
