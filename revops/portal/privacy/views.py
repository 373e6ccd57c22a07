"""The pages of privacy: requests with their clock, whom they are about, what is held, and how long it is kept."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.models import Lead, Person, PrivacyRequest, RequestKind, RequestState
from leads.subjects import people_asked_about, phone_of
from revops.foundation import jobs
from revops.foundation.models import Job
from revops.portal.back_office import needs, note, page_of, person_of, row_or_404, status_of
from revops.portal.privacy import retention
from revops.portal.privacy.clock import clock_of
from revops.portal.privacy.exporting import as_csv_zip, export_of
from revops.portal.privacy.forms import AnswerForm, EraseForm, RequestForm, RetentionForm
from revops.portal.privacy.holdings import held_of
from revops.portal.privacy.requests import (
    RequestRefused,
    close_request,
    open_request,
    refuse_request,
    start_erasing,
    subject_of_request,
)

FILTERS = ("state", "kind")
OPEN = (RequestState.OPEN, RequestState.ERASING)


@needs("privacy.manage")
@require_GET
def request_list(request: HttpRequest) -> HttpResponse:
    """Every request with its clock, the newest first; and people found by address, number or name."""
    today, q = timezone.localdate(), request.GET.get("q", "").strip()[:320]
    rows = PrivacyRequest.objects.select_related("person", "closed_by", "opened_by")
    if request.GET.get("kind") in RequestKind.values:
        rows = rows.filter(kind=request.GET["kind"])
    match request.GET.get("state"):
        case "open":
            rows = rows.filter(state__in=OPEN)
        case "overdue":
            rows = rows.filter(state__in=OPEN, due_on__lt=today)
        case "done" | "refused" as state:
            rows = rows.filter(state=state)
    found = people_asked_about(q)
    waiting = PrivacyRequest.objects.filter(state__in=OPEN)
    context = {
        "page": page_of(rows, ("-opened_at", "-pk"), request),
        "kinds": [(RequestKind.EXPORT, _("A copy of their data")), (RequestKind.ERASE, _("To be erased"))],
        "states": [("open", _("Open")), ("overdue", _("Overdue")), ("done", _("Done")), ("refused", _("Refused"))],
        "active": sum(1 for name in FILTERS if request.GET.get(name)),
        "q": q,
        "found": _with_leads(found),
        "may_ask_unknown": bool(q) and not found and ("@" in q or bool(phone_of(q))),
        "overdue": waiting.filter(due_on__lt=today).count(),
        "open": waiting.count(),
        "today": today,
    }
    return render(request, "privacy/list.html", context)


@needs("privacy.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Writes a request down, about a person or about an address that nobody has."""
    user, now = person_of(request), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    person = row_or_404(_people(), "person", asked["person"]) if asked.get("person") else None
    said = "" if person else asked.get("said", "").strip()[:320]
    form = RequestForm(request.POST or None, initial={"kind": asked.get("kind", "")})
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            opened = open_request(
                facts["kind"], user, now, asked_on=facts["asked_on"], person=person, said=said, words=facts["note"],
                keeps_silence=facts["keeps_silence"],
            )  # fmt: skip
        except RequestRefused as refusal:
            form.add_error("asked_on" if refusal.field == "asked_on" else None, str(refusal))
        else:
            messages.success(request, _("Written down. Answer it by %(day)s.") % {"day": f"{opened.due_on:%-d %b %Y}"})
            return redirect("privacy-request", opened.public_id)
    return render(request, "privacy/new.html", {"form": form, "person": person, "said": said}, status=status_of(form))


@needs("privacy.manage")
@require_GET
def one_request(request: HttpRequest, request_id: str) -> HttpResponse:
    """One request: its clock, what is held of them, what would go, what stays and why."""
    return _page(request, _request(request_id))


@needs("privacy.manage")
@require_POST
def erase(request: HttpRequest, request_id: str) -> HttpResponse:
    """Begins to erase, once somebody has typed that they mean it."""
    asked, form = _request(request_id), EraseForm(request.POST)
    if not form.is_valid():
        return _page(request, asked, erase_form=form, status=422)
    try:
        start_erasing(asked, person_of(request), timezone.now())
    except RequestRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, asked, erase_form=form, status=409)
    messages.success(request, _("It has begun. This page says when nothing is left."))
    return redirect("privacy-request", request_id)


@needs("privacy.manage")
@require_GET
def progress(request: HttpRequest, request_id: str) -> HttpResponse:
    """How far the erasure is; once it is over the page is read anew."""
    asked, now = _request(request_id), timezone.now()
    job = Job.objects.filter(pk=asked.job_id).first() if asked.job_id else None
    if asked.is_over or job is None or job.is_over:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "privacy/_progress.html", {"asked": asked, "progress": _progress(job, now)})


@needs("privacy.manage")
@require_POST
def close(request: HttpRequest, request_id: str) -> HttpResponse:
    """Closes a request: answered, or refused with a reason."""
    asked, form = _request(request_id), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, asked, answer_form=form, status=422)
    act = refuse_request if request.POST.get("how") == "refuse" else close_request
    try:
        act(asked, person_of(request), form.cleaned_data["answer"], timezone.now())
    except RequestRefused as refusal:
        form.add_error("answer" if refusal.field else None, str(refusal))
        return _page(request, asked, answer_form=form, status=409)
    messages.success(request, _("Closed."))
    return redirect("privacy-request", request_id)


@needs("privacy.manage")
@require_GET
def export(request: HttpRequest, request_id: str, form: str) -> HttpResponse:
    """Everything that is held of them, to hand over; who took it stands in the ledger. Nothing is kept of the file."""
    asked, now = _request(request_id), timezone.now()
    if asked.is_over:
        raise Http404
    data = export_of(subject_of_request(asked), now)
    note(person_of(request), "person.exported", asked, now, cause=asked.public_id, after={"as": form})
    name = f"{asked.public_id}.{form}"
    if form == "json":
        body, kind = json.dumps(data, ensure_ascii=False, indent=1).encode(), "application/json"
    else:
        body, kind = as_csv_zip(data), "application/zip"
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@needs("privacy.manage")
@require_GET
def retention_rules(request: HttpRequest) -> HttpResponse:
    """How long what is kept, what goes tomorrow, and the last runs."""
    return _retention_page(request)


@needs("privacy.manage")
@require_POST
def set_retention(request: HttpRequest, code: str) -> HttpResponse:
    """Changes one rule."""
    if code not in {rule.code for rule in retention.RULES}:
        raise Http404
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _retention_page(request, code, form, status=422)
    said = form.cleaned_data
    try:
        retention.set_rule(
            code, said["days"], person_of(request), timezone.now(), is_active=said["is_active"],
            version=said["version"],
        )  # fmt: skip
    except retention.ChangedMeanwhile:
        form.add_error(None, _("Somebody else changed this rule meanwhile. Look at what it says now."))
        return _retention_page(request, code, form, status=409)
    messages.success(request, _("Saved. It counts from the next run on."))
    return redirect("privacy-retention")


def _request(public_id: str) -> PrivacyRequest:
    rows = PrivacyRequest.objects.select_related("person__account", "opened_by", "closed_by")
    found: PrivacyRequest = row_or_404(rows, "privacy", public_id)
    return found


def _people() -> Any:
    return Person.objects.select_related("account", "merged_into__account")


def _with_leads(people: list[Person]) -> list[tuple[Person, Lead | None]]:
    """Each person with their newest lead. One query."""
    leads = Lead.objects.shown().filter(person__in=people).order_by("received_at", "pk")
    newest = {lead.person_id: lead for lead in leads} if people else {}
    return [(person, newest.get(person.pk)) for person in people]


def _page(
    request: HttpRequest, asked: PrivacyRequest, *, erase_form: EraseForm | None = None,
    answer_form: AnswerForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    subject = None if asked.is_over else subject_of_request(asked)
    held = held_of(subject, now) if subject else []
    job = Job.objects.filter(pk=asked.job_id).first() if asked.job_id else None
    context = {
        "asked": asked,
        "clock": clock_of(asked, timezone.localdate()),
        "lead": Lead.objects.shown().filter(person=asked.person).order_by("-received_at").first()
        if asked.person
        else None,
        "subject": subject,
        "goes": [one for one in held if one.goes],
        "stays": [one for one in held if one.holding.stays],
        "n_goes": sum(one.goes for one in held),
        "job": job,
        "progress": _progress(job, now) if job else None,
        "may_erase": asked.kind == RequestKind.ERASE
        and (asked.state == RequestState.OPEN or (job is not None and job.state in ("failed", "cancelled"))),
        "erase_form": erase_form or EraseForm(),
        "answer_form": answer_form or AnswerForm(),
        "form": erase_form or answer_form or EraseForm(),
        "counts": sorted(asked.counts.items(), key=lambda pair: -pair[1]),
        "now": now,
    }
    return render(request, "privacy/request.html", context, status=status)


def _progress(job: Job, now: datetime) -> dict[str, Any]:
    return {**jobs.progress(job, now), "kind": job.kind, "error": job.error}


def _retention_page(
    request: HttpRequest, code: str = "", form: RetentionForm | None = None, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    rows = retention.preview(now)
    context = {
        "rows": [(kept, n, form if kept.rule.code == code else None) for kept, n in rows],
        "form": form,
        "next_run": retention.next_run(now),
        "n_next": sum(n for kept, n in rows if kept.is_active),
        "runs": [(run, sum((run.result.get("rules") or {}).values())) for run in retention.latest_runs()],
        "now": now,
        "retention_url": reverse("privacy-retention"),
    }
    return render(request, "privacy/retention.html", context, status=status)
