"""Finds leads, companies and rules by what was typed: for the palette as a fragment, else as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Account, Lead
from leads.searching import accounts_named, leads_named
from revops.foundation.ids import decode
from revops.foundation.policy import can
from revops.portal.accounts.visibility import accounts_for
from revops.portal.accounts.visibility import searched_among as searched_accounts
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.lead_pages.visibility import searched_among as searched_leads
from revops.portal.session.requests import SignedInRequest
from scoring.publishing import NoLiveRulebook, live_rulebook
from scoring.rules import rule_sentence

SHORTEST = 2
MOST = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found, with where it is."""

    label: str
    note: str
    url: str
    icon: str


@login_required
@require_GET
def search(request: SignedInRequest) -> HttpResponse:
    """An id opens its lead at once; anything else lists what matches."""
    words = " ".join(request.GET.get("q", "").split())[:100]
    exact = _by_id(request.user, words)
    is_palette = request.headers.get("HX-Request") == "true"
    if exact is not None and not is_palette:
        return redirect(reverse("lead", args=[exact.public_id]))
    groups = _groups(request.user, words, exact) if len(words) >= SHORTEST else []
    context: dict[str, Any] = {"words": words, "groups": groups, "found": sum(len(hits) for _title, hits in groups)}
    return render(request, "search/_hits.html" if is_palette else "search/search.html", context)


def _by_id(user: Any, words: str) -> Lead | None:
    try:
        return leads_for(user).select_related("person", "account").filter(pk=decode("lead", words)).first()
    except ValueError:
        return None


def _groups(user: Any, words: str, exact: Lead | None) -> list[tuple[str, list[Hit]]]:
    leads = [exact] if exact else _leads(user, words)
    groups = [
        (_("Leads"), [_lead_hit(lead) for lead in leads]),
        (_("Accounts"), [] if exact else [_account_hit(account) for account in _accounts(user, words)]),
        (_("Rules"), _rules(user, words)),
    ]
    return [(title, hits) for title, hits in groups if hits]


def _leads(user: Any, words: str) -> list[Lead]:
    seen = leads_for(user)
    found = seen.filter(leads_named(words, searched_leads(user, seen))).order_by("-received_at", "-pk")
    chosen = list(found.values_list("pk", flat=True)[:MOST])
    read = Lead.objects.select_related("person", "account").in_bulk(chosen)
    return [read[pk] for pk in chosen if pk in read]


def _accounts(user: Any, words: str) -> list[Account]:
    seen = accounts_for(user)
    return list(seen.filter(accounts_named(words, searched_accounts(user, seen))).order_by("name", "pk")[:MOST])


def _account_hit(account: Account) -> Hit:
    return Hit(account.name, account.domain or "", reverse("account", args=[account.public_id]), "building")


def _lead_hit(lead: Lead) -> Hit:
    label = f"{lead.person.name}, {lead.account.name}" if lead.account else lead.person.name
    return Hit(label, str(lead.get_stage_display()), reverse("lead", args=[lead.public_id]), "user")


def _rules(user: Any, words: str) -> list[Hit]:
    """Rules of the live rulebook whose sentence contains what was typed."""
    try:
        url, book = reverse("rules"), live_rulebook()
    except (NoReverseMatch, NoLiveRulebook):
        return []
    if not can(user, "rules.view"):
        return []
    definition = book.compiled.definition
    sentences = [rule_sentence(rule, definition.kinds) for rule in book.compiled.rules]
    wanted = words.lower()
    return [Hit(sentence, _("Rule"), url, "checklist") for sentence in sentences if wanted in sentence.lower()][:MOST]
