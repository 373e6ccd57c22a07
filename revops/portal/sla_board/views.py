"""Are both sides keeping their word? The board, what is behind its numbers, one clock, the agreement, the turns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET

from feedback.metrics import Week, organisation_zone
from feedback.metrics.promised import Item, lead_ids_of
from feedback.promises import Promise, is_measured, promise_board, promises_behind
from leads.models import Lead
from revops.foundation.ids import decode
from revops.foundation.policy import check
from revops.portal.lead_pages.visibility import leads_for, visible_leads
from revops.portal.sla_board.board import (
    about_url,
    about_words,
    clause_url,
    columns_of,
    fingerprint,
    leads_named,
    may_name,
    name_of,
    target_words,
)
from revops.portal.sla_board.clocks import story_of
from sla.models import AgreementState, Clause, Clock
from sla.queries import clocks_behind, count_unrouted, reading_of

PAGE = 50
PARTS = ("all", "kept", "late", "pending")
VERDICTS = {"kept": (_lazy("Kept"), "good"), "late": (_lazy("Late"), "bad"), "pending": (_lazy("Open"), "neutral")}
"""Words and tone of the verdict on a promise."""


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Both sides' promises of one week. htmx asks for the live part again; unchanged, it is answered by 304."""
    check(request.user, "sla.view")
    now = timezone.now()
    week = _week(request, now)
    promises = promise_board(week, now)
    columns = columns_of(promises, week, _openable(request, promises), now)
    tag = fingerprint(columns)
    is_part = request.headers.get("HX-Request") == "true"
    if is_part and request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag, "Vary": "Cookie, HX-Request"})
    newest = Week.of(now, week.zone)
    context = {
        "week": week,
        "is_running": week == newest,
        "columns": columns,
        "previous_week": week.plus(-1).name,
        "next_week": week.plus(1).name if week != newest else "",
        "unrouted": count_unrouted(),
        "now": now,
    }
    response = render(request, "sla/_board.html" if is_part else "sla/board.html", context)
    if is_part:
        response["ETag"] = tag
    response["Vary"] = "Cookie, HX-Request"
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _openable(request: HttpRequest, promises: list[Promise]) -> dict[Any, Lead]:
    """The leads named on the board that this person may open. One query."""
    return visible_leads(request.user, leads_named(promises))


@login_required
@require_GET
def clause(request: HttpRequest, code: str) -> HttpResponse:
    """The clocks, or for a count the leads, behind one number of the board."""
    check(request.user, "sla.view")
    now = timezone.now()
    week = _week(request, now)
    part = request.GET.get("part", "all")
    part = part if part in PARTS else "all"
    found = Clause.objects.filter(code=code).exclude(agreement__state=AgreementState.DRAFT)
    newest = found.select_related("agreement").order_by("-agreement__version").first()
    if newest is None:
        raise Http404
    context = {
        "week": week,
        "clause": newest,
        "target": target_words(newest),
        "part": part,
        "parts": [{"label": label, "url": f"?week={week.name}&part={key}", "current": key == part}
                  for key, label in zip(PARTS, (_("All"), _("Kept"), _("Late"), _("Open")), strict=True)],
        "now": now,
        **_behind(request, newest, week, "" if part == "all" else part, now),
    }  # fmt: skip
    return render(request, "sla/clause.html", context)


def _behind(request: HttpRequest, clause: Clause, week: Week, part: str, now: datetime) -> dict[str, Any]:
    """The rows of the page and how many the number counts; who may not open a lead does not see it."""
    mine = leads_for(request.user)
    if clause.measure == "clock":
        clocks = clocks_behind(clause.code, week.start, week.end, now, part)
        pages = Paginator(clocks.filter(lead__in=mine), PAGE).get_page(request.GET.get("page"))
        rows = [(clock, reading_of(clock, now)) for clock in pages]
        return {"clocks": rows, "total": clocks.count(), "pages": pages}
    items = promises_behind(clause, week, now, part)
    visible = visible_leads(request.user, lead_ids_of(items))
    seen = [item for item in items if may_name(item, visible)]
    pages_of_items = Paginator(seen, PAGE).get_page(request.GET.get("page"))
    found: dict[str, Any] = {
        "items": [_item(item, visible.get(item.lead_id)) for item in pages_of_items],
        "total": len(items),
        "pages": pages_of_items,
        "is_measured": is_measured(clause.code),
    }
    if clause.code == "volume":
        found["promise"] = next(one for one in promise_board(week, now) if one.clause.code == "volume")
    return found


def _item(item: Item, lead: Lead | None) -> dict[str, Any]:
    return {
        "item": item,
        "name": name_of(lead) if lead else about_words(item),
        "url": about_url(item, lead),
        "owner": lead.owner.name if lead is not None and lead.owner else "",
        "verdict": VERDICTS[item.verdict],
    }


@login_required
@require_GET
def clock(request: HttpRequest, clock_id: str) -> HttpResponse:
    """One promise from its start to its end, with the hours in which it stood still."""
    check(request.user, "sla.view")
    try:
        pk = decode("clock", clock_id)
    except ValueError:
        raise Http404 from None
    clocks = Clock.objects.filter(lead__in=leads_for(request.user)).select_related(
        "clause__agreement", "user", "calendar_version__calendar", "lead__person", "lead__account"
    )
    found = get_object_or_404(clocks, pk=pk)
    context = {
        "clock": found,
        "story": story_of(found, timezone.now()),
        "target": target_words(found.clause),
        "clause_url": clause_url(found.clause.code, Week.of(found.due_at, organisation_zone())),
    }
    return render(request, "sla/clock.html", context)


def _week(request: HttpRequest, now: datetime) -> Week:
    """The week asked for; the running one if none, or nonsense, or the future is asked for."""
    newest = Week.of(now, organisation_zone())
    try:
        asked = Week.parse(request.GET.get("week", ""), newest.zone)
    except ValueError:
        return newest
    return min(asked, newest, key=lambda week: week.monday)
