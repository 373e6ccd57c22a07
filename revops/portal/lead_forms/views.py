"""Where marketing makes, publishes and judges lead forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.models import Confirmation, ConsentWording, LeadForm
from leads.models.forms import FormState
from revops.portal.back_office import facts_of, needs, page_of, person_of, status_of
from revops.portal.lead_forms import changing
from revops.portal.lead_forms.counting import Completion, completions
from revops.portal.lead_forms.forms import LeadFormForm
from revops.portal.lead_forms.public import preview_page
from revops.portal.lead_forms.worth import worths

TONES = {FormState.DRAFT: "note", FormState.OPEN: "good", FormState.ARCHIVED: "neutral"}


@needs("forms.manage")
@require_GET
def form_list(request: HttpRequest) -> HttpResponse:
    """All lead forms, and how many of those who opened them sent them."""
    rows = LeadForm.objects.select_related("source", "signal_kind")
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(Q(title__icontains=words) | Q(slug__icontains=words))
    if request.GET.get("state") in FormState.values:
        rows = rows.filter(state=request.GET["state"])
    page = page_of(rows, ("title", "pk"), request)
    counted = completions([form.pk for form in page.rows], timezone.now())
    context = {
        "page": page,
        "rows": [(form, counted.get(form.pk, Completion()), TONES[FormState(form.state)]) for form in page.rows],
        "states": FormState.choices,
        "active": sum(1 for name in ("q", "state") if request.GET.get(name)),
    }
    return render(request, "lead_forms/list.html", context)


@needs("forms.manage")
def form_new(request: HttpRequest) -> HttpResponse:
    """Makes a lead form, as a draft that nobody else sees yet."""
    consent = _("You may contact me about my request. I can withdraw this at any time.")
    blank = LeadForm(
        created_at=timezone.now(),
        state=FormState.DRAFT,
        consent_text=consent,
        thanks=_("Thank you. We will be in touch."),
        fields=[{"name": name, "required": True} for name in ("email", "first_name", "last_name", "company")],
    )
    return _edit(request, blank)


@needs("forms.manage")
def form_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Changes a lead form."""
    return _edit(request, _form(slug))


def _edit(request: HttpRequest, lead_form: LeadForm) -> HttpResponse:
    is_new, now = lead_form._state.adding, timezone.now()
    before = None if is_new else facts_of(lead_form, changing.IN_LEDGER)
    form = LeadFormForm(request.POST or None, instance=lead_form)
    if request.method == "POST" and form.is_valid():
        saved = changing.save_form(form.save(commit=False), before, person_of(request), now)
        messages.success(request, _("“%(title)s” is saved.") % {"title": saved.title})
        return redirect("form", saved.slug)
    context: dict[str, Any] = {"form": form, "lead_form": None if is_new else lead_form}
    if not is_new:
        context |= {
            "address": request.build_absolute_uri(reverse("hosted-form", args=[lead_form.slug])),
            "counted": completions([lead_form.pk], now).get(lead_form.pk, Completion()),
            "tone": TONES[FormState(lead_form.state)],
            "wordings": ConsentWording.objects.filter(key=lead_form.slug).order_by("-version")[:10],
            "confirmations": _confirmations(lead_form) if lead_form.needs_confirmation else None,
        }
    return render(request, "lead_forms/edit.html", context, status=status_of(form))


def _confirmations(lead_form: LeadForm) -> dict[str, int]:
    now = timezone.now()
    return Confirmation.objects.filter(form=lead_form).aggregate(
        asked=Count("pk"),
        confirmed=Count("pk", filter=Q(confirmed_at__isnull=False)),
        waiting=Count("pk", filter=Q(confirmed_at__isnull=True, expires_at__gt=now)),
        expired=Count("pk", filter=Q(confirmed_at__isnull=True, expires_at__lte=now)),
    )


@needs("forms.manage")
@require_GET
def form_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as visitors see it; nothing can be sent, and nothing is counted."""
    return preview_page(_form(slug))


@needs("forms.manage")
@require_GET
def form_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """What each question costs in completion and gains in acceptance."""
    lead_form = _form(slug)
    return render(
        request, "lead_forms/questions.html", {"lead_form": lead_form, "rows": worths(lead_form, timezone.now())}
    )


@needs("forms.manage")
@require_POST
def form_publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Opens a form to visitors."""
    try:
        changing.set_state(_form(slug), FormState.OPEN, person_of(request), timezone.now())
        messages.success(request, _("The form is open: whoever has its address can send it."))
    except changing.CannotPublish as problem:
        messages.error(request, str(problem))
    return redirect("form", slug)


@needs("forms.manage")
@require_POST
def form_archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Closes a form; its counts and what it received stay."""
    changing.set_state(_form(slug), FormState.ARCHIVED, person_of(request), timezone.now())
    messages.success(request, _("The form is archived. Visitors read that it is closed."))
    return redirect("form", slug)


@needs("forms.manage")
@require_POST
def form_copy(request: HttpRequest, slug: str) -> HttpResponse:
    """A draft like this form."""
    made = changing.copy_form(_form(slug), person_of(request), timezone.now())
    messages.success(request, _("This is the copy: a draft that nobody sees until you publish it."))
    return redirect("form", made.slug)


def _form(slug: str) -> LeadForm:
    return get_object_or_404(LeadForm.objects.select_related("source"), slug=slug)
