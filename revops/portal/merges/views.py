"""The queue of possible duplicates, one of them side by side, the answer, and taking it back."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from leads.matching.proposing import name_duplicate, refuse_proposal, reopen_proposal
from leads.matching.reasons import sentence_of
from leads.merging.choices import ACCOUNT_CHOICES, PERSON_CHOICES
from leads.merging.people import MergeRefused
from leads.models import AccountMerge, AccountProposal, PersonMerge, PersonProposal, ProposalState
from revops.portal.back_office import needs, note, page_of, person_of, row_or_404
from revops.portal.lead_pages.visibility import lead_or_404
from revops.portal.merges.acting import final_lead, merge, merge_companies, undo, undo_companies
from revops.portal.merges.named import lead_named
from revops.portal.merges.sides import Comparison, compare_accounts, compare_people

AnyProposal: TypeAlias = PersonProposal | AccountProposal
_WITH = {
    "people": ("first__account", "second__account", "decided_by"),
    "accounts": ("first__owner", "second__owner", "first__parent", "second__parent", "decided_by"),
}
_CHOICES = {"people": PERSON_CHOICES, "accounts": ACCOUNT_CHOICES}
SURE_FROM = 85
"""From this score on a proposal counts as nearly sure."""


@needs("merges.view")
@require_safe
def proposals(request: HttpRequest) -> HttpResponseBase:
    """Who may be the same, the surest first, with counts by state and what was merged lately."""
    kind = "accounts" if request.GET.get("of") == "accounts" else "people"
    state = request.GET.get("state", "open")
    rows = _rows(kind)
    counts = dict(_rows(kind).order_by().values_list("state").annotate(n=Count("pk")))
    chosen = rows.filter(state=state) if state in ProposalState.values else rows
    if request.GET.get("sure") == "yes":
        chosen = chosen.filter(score__gte=SURE_FROM)
    if request.GET.get("origin") in ("matching", "sales"):
        chosen = chosen.filter(origin=request.GET["origin"])
    page = page_of(chosen, ("-score", "pk"), request)
    other = PersonProposal if kind == "accounts" else AccountProposal
    context = {
        "kind": kind,
        "page": page,
        "rows": [(row, sentence_of(row.reasons)) for row in page.rows],
        "states": _links(kind, state, counts),
        "sides": [
            {"label": _("People"), "url": "?of=people", "current": kind == "people",
             "count": _open(PersonProposal, counts, kind == "people")},
            {"label": _("Accounts"), "url": "?of=accounts", "current": kind == "accounts",
             "count": _open(AccountProposal, counts, kind == "accounts")},
        ],
        "other": other,
        "merges": list(_merges(kind)[:10]),
        "active": sum(1 for name in ("sure", "origin") if request.GET.get(name)),
        "state": state,
        "origins": [("matching", _("Found by matching")), ("sales", _("Named by sales"))],
        "sures": [("yes", _("Nearly sure"))],
        "now": timezone.now(),
    }  # fmt: skip
    return render(request, "merges/list.html", context)


@needs("merges.view")
@require_GET
def proposal(request: HttpRequest, kind: str, match_id: str) -> HttpResponseBase:
    """Both side by side, fact by fact."""
    return _page(request, _proposal(kind, match_id), kind)


@needs("merges.decide")
@require_POST
def accept(request: HttpRequest, kind: str, match_id: str) -> HttpResponseBase:
    """They are the same: merges them as chosen."""
    found, user, now = _proposal(kind, match_id), person_of(request), timezone.now()
    if found.state != ProposalState.OPEN:
        return _page(request, found, kind, refusal=_("Somebody decided this already."), status=409)
    keep_second = request.POST.get("keep") == "second"
    survivor, merged = (found.second_id, found.first_id) if keep_second else (found.first_id, found.second_id)
    taken = [one.key for one in _CHOICES[kind] if request.POST.get(f"fact_{one.key}") == "theirs"]
    try:
        if isinstance(found, PersonProposal):
            done: PersonMerge | AccountMerge = merge(survivor, merged, taken, user, now=now, proposal=found)
        else:
            done = merge_companies(survivor, merged, taken, user, now=now, proposal=found)
    except MergeRefused as refused:
        return _page(request, found, kind, refusal=str(refused), status=409)
    messages.success(
        request, _("Merged. You can take it back at any time, below and on the page of the one that goes on.")
    )
    return redirect(_after(done))


@needs("merges.decide")
@require_POST
def refuse(request: HttpRequest, kind: str, match_id: str) -> HttpResponseBase:
    """They are not the same: remembered, and not asked again."""
    found, now = _proposal(kind, match_id), timezone.now()
    if not refuse_proposal(found, person_of(request), now=now):
        return _page(request, found, kind, refusal=_("Somebody decided this already."), status=409)
    note(person_of(request), "match.refused", found, now)
    messages.success(request, _("Remembered: they are not the same. Nobody is asked again."))
    return redirect(f"{reverse('merges')}?of={kind}")


@needs("merges.decide")
@require_POST
def ask_again(request: HttpRequest, kind: str, match_id: str) -> HttpResponseBase:
    """Takes “not the same” back."""
    found = _proposal(kind, match_id)
    if reopen_proposal(found):
        note(person_of(request), "match.asked_again", found, timezone.now())
        messages.success(request, _("The question is open again."))
    return redirect("match", kind, match_id)


@needs("merges.decide")
@require_POST
def undo_merge(request: HttpRequest, kind: str, merge_id: str) -> HttpResponseBase:
    """Takes a merge back; both are as they were."""
    model: Any = {"people": PersonMerge, "accounts": AccountMerge}.get(kind)
    if model is None:
        raise Http404
    found = row_or_404(model.objects.all(), "merge", merge_id)
    take_back: Any = undo if kind == "people" else undo_companies
    try:
        take_back(found.pk, person_of(request), now=timezone.now())
    except MergeRefused as refused:
        messages.error(request, str(refused))
        return redirect(f"{reverse('merges')}?of={kind}")
    messages.success(request, _("Taken back. Both are as they were."))
    if found.proposal is not None:
        return redirect("match", kind, found.proposal.public_id)
    return redirect(f"{reverse('merges')}?of={kind}")


@needs("merges.decide")
@require_POST
def same_as(request: HttpRequest, lead_id: str) -> HttpResponseBase:
    """Somebody names another lead of the same person: the two are shown side by side."""
    lead, user = lead_or_404(person_of(request), lead_id), person_of(request)
    other = lead_named(user, request.POST.get("other", ""))
    if other is None or other.person_id == lead.person_id:
        words = _(
            "Name the other lead by its id, its address or the e-mail address of the person. It must be another person."
        )
        messages.error(request, words)
        return redirect("lead", lead_id)
    found = name_duplicate(lead.person_id, other.person_id, now=timezone.now())
    if found is None:
        messages.error(
            request, _("Somebody said before that these two are not the same. Look at the list of duplicates.")
        )
        return redirect("lead", lead_id)
    return redirect("match", "people", found.public_id)


def _page(request: HttpRequest, found: AnyProposal, kind: str, *, refusal: str = "", status: int = 200) -> HttpResponse:
    keep = request.POST.get("keep", "") or request.GET.get("keep", "")
    compared: Comparison = (
        compare_people(found, keep) if isinstance(found, PersonProposal) else compare_accounts(found, keep)
    )
    standing: Any = PersonMerge if kind == "people" else AccountMerge
    context = {
        "view": compared,
        "kind": kind,
        "merge": standing.objects.filter(proposal=found, undone_at__isnull=True).select_related("merged_by").first(),
        "refusal": refusal,
        "now": timezone.now(),
    }
    return render(request, "merges/match.html", context, status=status)


def _proposal(kind: str, match_id: str) -> AnyProposal:
    if kind not in _WITH:
        raise Http404
    found: AnyProposal = row_or_404(_rows(kind), "match", match_id)
    return found


def _rows(kind: str) -> QuerySet[Any]:
    model: Any = PersonProposal if kind == "people" else AccountProposal
    return model.objects.select_related(*_WITH[kind])


def _merges(kind: str) -> QuerySet[Any]:
    model: Any = PersonMerge if kind == "people" else AccountMerge
    return model.objects.select_related("survivor", "merged", "merged_by", "undone_by", "proposal").order_by(
        "-merged_at", "-pk"
    )


def _open(model: Any, counts: dict[str, int], is_shown: bool) -> int:
    return counts.get("open", 0) if is_shown else model.objects.filter(state=ProposalState.OPEN).count()


def _links(kind: str, state: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"label": f"{label} ({counts.get(value, 0)})", "url": f"?of={kind}&state={value}", "current": value == state}
        for value, label in ProposalState.choices
        if value != ProposalState.MOOT
    ]


def _after(done: PersonMerge | AccountMerge) -> str:
    if isinstance(done, AccountMerge):
        return reverse("account", args=[done.survivor.public_id])
    if done.kept_lead is not None:
        return reverse("lead", args=[final_lead(done.kept_lead).public_id])
    return f"{reverse('merges')}?of=people&state=merged"
