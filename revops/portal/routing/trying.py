"""Dry runs: who would get one lead, or all that wait or are open, and how fair it would be; nothing is assigned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Account, Lead
from revops.foundation.ids import decode
from revops.foundation.models import User
from revops.portal.back_office import needs, person_of
from revops.portal.lead_pages.visibility import leads_for
from sla.candidates import RouteRequest
from sla.models import HandOff
from sla.routing import DryRun, first_owners, requests_of_leads, try_routes
from sla.territories import LeadFacts, TerritoryRule

MOST = 20_000
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """Who would get one lead: their name or nobody, why, and each candidate with the first test failed."""

    name: str
    reason: str
    candidates: list[tuple[str, str]]


def who_would_get(
    facts: LeadFacts, account: Account | None, now: datetime, rules: Sequence[TerritoryRule] | None = None
) -> Answer:
    """Who would get a lead with these facts now, by `rules` instead of those in force if given."""
    owners = first_owners([account.pk], at=now) if account else {}
    request = RouteRequest(
        lead_id=uuid4(),
        handoff_id=uuid4(),
        at=now,
        tier=facts.tier,
        country=facts.country,
        employees=facts.employees,
        source=facts.source,
        industry=facts.industry,
        language=facts.language,
        account_id=account.pk if account else None,
        account_owner_id=account.owner_id if account else None,
        first_owner_id=owners.get(account.pk) if account else None,
    )
    run = try_routes([request], now=now, rules=rules)
    return answers_of(run)[0]


def answers_of(run: DryRun, most: int = SHOWN) -> list[Answer]:
    """The first choices of a dry run with names. One query."""
    names = dict(User.objects.filter(rep_profile__isnull=False).values_list("pk", "name"))
    return [
        Answer(
            names.get(choice.user_id, "") if choice.user_id else "",
            str(choice.reason),
            [(names.get(user_id, ""), words) for user_id, words in run.candidates_of(choice)],
        )
        for choice in run.choices[:most]
    ]


@needs("sla.manage")
@require_GET
def try_backlog(request: HttpRequest) -> HttpResponse:
    """What routing would do now with one lead, with those that wait, or with all open ones. Writes nothing."""
    now, what = timezone.now(), request.GET.get("what", "waiting")
    ids = _leads_of(request, what)
    run = try_routes(requests_of_leads(ids[:MOST], at=now), now=now)
    named = {lead.pk: lead for lead in Lead.objects.filter(pk__in=ids[:SHOWN]).select_related("person", "account")}
    asked = [one.lead_id for one in run.requests[:SHOWN]]
    context: dict[str, Any] = {
        "what": what,
        "choices": [
            {"label": label, "url": f"?what={key}", "current": key == what}
            for key, label in (("waiting", _("What waits")), ("open", _("All open hand-offs")))
        ],
        "lead_text": request.GET.get("lead", ""),
        "run": run,
        "total": len(run.choices),
        "left_out": max(len(ids) - MOST, 0),
        "answers": [(named[pk], answer) for pk, answer in zip(asked, answers_of(run), strict=True)],
        "shares": _shares(run),
        "shown": SHOWN,
    }
    return render(request, "routing/try.html", context)


def _leads_of(request: HttpRequest, what: str) -> list[UUID]:
    if what == "lead":
        try:
            pk = decode("lead", request.GET.get("lead", "").strip().rstrip("/").rpartition("/")[2])
        except ValueError:
            return []
        return list(leads_for(person_of(request)).filter(pk=pk).values_list("pk", flat=True))
    handoffs = HandOff.objects.open() if what == "open" else HandOff.objects.unrouted()
    return list(handoffs.order_by("handed_off_at", "pk").values_list("lead_id", flat=True)[: MOST + 1])


def _shares(run: DryRun) -> list[tuple[User, Any]]:
    people = User.objects.select_related("team").in_bulk([share.user_id for share in run.shares])
    rows = [(people[share.user_id], share) for share in run.shares]
    return sorted(rows, key=lambda row: (-row[1].leads, row[0].name))
