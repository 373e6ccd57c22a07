"""Reading the rulebook: the live one, every version, the change log, and what a version says about a lead."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Lead
from revops.foundation.ids import decode
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of
from revops.portal.imports.reports import progress_of
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.rules.reading import (
    STATE_TONES,
    changes_of,
    is_assumption,
    is_behind,
    remarks_on,
    signings,
    steps_of,
    told,
    verdict_of,
)
from revops.portal.rules.rescoring import latest_rescore, leads_behind
from scoring.explanation import explain_score
from scoring.models import LeadScore, Rulebook, RulebookAction, RulebookChange, RulebookState
from scoring.publishing import LONGEST_SUMMARY, OPEN_STATES, REVIEW_AFTER, is_overdue, needs_emergency


@needs("rules.view")
@require_GET
def live_rules(request: HttpRequest) -> HttpResponse:
    """The rulebook that counts now."""
    book = Rulebook.objects.select_related("author", "based_on", "restores").filter(state=RulebookState.LIVE).first()
    if book is None:
        return render(request, "rules/none.html", {"may_propose": can(person_of(request), "rules.propose")})
    return render(request, "rules/rulebook.html", {**_shown(request, book), "is_live": True})


@needs("rules.view")
@require_GET
def version_page(request: HttpRequest, version: int) -> HttpResponse:
    """Any version; for an open one what is left to do until it counts."""
    return render(request, "rules/rulebook.html", _shown(request, book_or_404(version)))


def book_or_404(version: int) -> Rulebook:
    book = Rulebook.objects.select_related("author", "based_on", "restores").filter(version=version).first()
    if book is None:
        raise Http404(_("There is no such version."))
    return book


def _shown(request: HttpRequest, book: Rulebook) -> dict[str, Any]:
    user, now = person_of(request), timezone.now()
    sides = signings(book, user)
    job = latest_rescore()
    is_running = job is not None and not job.is_over
    is_live = book.state == RulebookState.LIVE
    return {
        "book": book,
        "outline": told(book),
        "tone": STATE_TONES[RulebookState(book.state)],
        "changes": changes_of(book),
        "sides": sides,
        "is_open": book.state in OPEN_STATES,
        "is_signed": all(side.signer for side in sides),
        "may_propose": can(user, "rules.propose"),
        "may_publish": can(user, "rules.publish"),
        "steps": steps_of(book, sides),
        "remarks": remarks_on(book),
        "needs_emergency": needs_emergency(now) if book.state in (*OPEN_STATES, RulebookState.SCHEDULED) else "",
        "is_behind": is_behind(book),
        "effects": list(book.effects.all()) if book.published_at else [],
        "next_review_on": (now + REVIEW_AFTER).date(),
        "longest_summary": LONGEST_SUMMARY,
        "is_overdue": is_overdue(book, now.date()),
        "is_assumption": is_assumption(),
        "drafts": list(Rulebook.objects.filter(state__in=OPEN_STATES).order_by("-version")[:5]),
        "job": progress_of(job.pk, now) if is_running and job else None,
        "behind": leads_behind() if is_live and not is_running else 0,
        "now": now,
    }


@needs("rules.view")
@require_GET
def rescore_progress(request: HttpRequest) -> HttpResponse:
    """The progress bar alone; once the work is over the page is loaded anew."""
    latest = latest_rescore()
    job = progress_of(latest.pk, timezone.now()) if latest else None
    if job is None or job.state not in {"running", "waiting"}:
        return HttpResponse(status=200, headers={"HX-Refresh": "true"})
    return render(request, "rules/_progress.html", {"job": job})


@needs("rules.view")
@require_GET
def version_list(request: HttpRequest) -> HttpResponse:
    """All versions, newest first."""
    books = Rulebook.objects.select_related("author")
    if request.GET.get("state") in RulebookState.values:
        books = books.filter(state=request.GET["state"])
    page = page_of(books, ("-version",), request)
    context = {
        "page": page,
        "rows": [(book, STATE_TONES[RulebookState(book.state)]) for book in page.rows],
        "states": RulebookState.choices,
        "active": 1 if request.GET.get("state") else 0,
        "may_propose": can(person_of(request), "rules.propose"),
        "now": timezone.now(),
    }
    return render(request, "rules/versions.html", context)


@needs("rules.view")
@require_GET
def change_log(request: HttpRequest) -> HttpResponseBase:
    """What happened to which version, who did it and why; the same as CSV."""
    rows = RulebookChange.objects.select_related("rulebook", "actor").defer("rulebook__definition")
    if request.GET.get("action") in RulebookAction.values:
        rows = rows.filter(action=request.GET["action"])
    if request.GET.get("emergency"):
        rows = rows.filter(is_emergency=True)
    if request.GET.get("format") == "csv":
        lines = (
            [row.changed_at.isoformat(), row.rulebook.version, row.action, row.actor.name, row.is_emergency, row.reason]
            for row in rows.order_by("-id")
        )
        return csv_response("rule-changes", ["changed_at", "version", "action", "who", "emergency", "reason"], lines)
    context = {
        "page": page_of(rows, ("-id",), request),
        "actions": RulebookAction.choices,
        "active": sum(1 for name in ("action", "emergency") if request.GET.get(name)),
        "csv_url": f"?{query_of(request, format='csv')}",
        "now": timezone.now(),
    }
    return render(request, "rules/changes.html", context)


@needs("rules.view")
@require_GET
def try_lead(request: HttpRequest) -> HttpResponse:
    """Why one lead is where it is, and what every open draft would say."""
    asked = request.GET.get("lead", "").strip()
    if not asked:
        return redirect("rules")
    lead = _lead(request, asked)
    score = LeadScore.objects.select_related("decision__rulebook").filter(lead=lead).first() if lead else None
    drafts = Rulebook.objects.filter(state__in=OPEN_STATES).order_by("-version")[:5] if score else []
    context = {
        "asked": asked,
        "lead": lead,
        "why": explain_score(score) if score else None,
        "verdicts": [verdict_of(draft, score.decision) for draft in drafts if score],
    }
    return render(request, "rules/try.html", context)


def _lead(request: HttpRequest, asked: str) -> Lead | None:
    """A lead this person may see, by its id or the address of its person."""
    leads = leads_for(request.user).select_related("person", "account")
    try:
        found = Q(pk=decode("lead", asked))
    except ValueError:
        if "@" not in asked:
            return None
        found = Q(person__email=asked)
    return leads.filter(found).order_by("-received_at").first()
