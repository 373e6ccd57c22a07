"""The pages of contests: the list with its counts, opening one, both facts, the verdict."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from feedback.contests import (
    SIDES,
    ContestRequest,
    contests_for,
    counts_by_side,
    may_judge,
    side_of,
    tallies_by_key,
    wrong_label,
)
from feedback.models import Contest, ContestAbout
from revops.portal.back_office import needs, page_of, person_of, row_or_404
from revops.portal.contests.acting import judge_contest, name_of, open_contest
from revops.portal.contests.facts import effects_of, facts_of, key_words, would_follow
from revops.portal.contests.forms import ContestForm, VerdictForm
from revops.portal.lead_pages.visibility import lead_or_404

STATES = ("open", "upheld", "dismissed", "mine")
MOST_KEYS = 12


@needs("contests.view")
@require_safe
def contest_list(request: HttpRequest) -> HttpResponseBase:
    """Every contest this person may see, both sides' counts, and how often each rule or clause was upheld."""
    user, now = person_of(request), timezone.now()
    mine = contests_for(user)
    page = page_of(_chosen(mine, request, user), ("-contested_at", "-pk"), request)
    counts, tallies = counts_by_side(now), tallies_by_key(now)[:MOST_KEYS]
    words_of_key = key_words()
    context = {
        "page": page,
        "rows": [(row, wrong_label(row.about, row.wrong)) for row in page.rows],
        "states": _links(request),
        "to_judge": mine.filter(judge=user, verdict__isnull=True).count(),
        "sides": [(_("Sales contests"), counts["sales"]), (_("Marketing contests"), counts["marketing"])],
        "tallies": [
            (tally, ContestAbout(tally.about).label, words_of_key(tally.about, tally.key)) for tally in tallies
        ],
        "abouts": ContestAbout.choices,
        "both_sides": [("sales", _("Sales")), ("marketing", _("Marketing"))],
        "active": sum(1 for name in ("about", "side", "state", "key") if request.GET.get(name)),
        "now": now,
    }
    return render(request, "contests/list.html", context)


@needs("contests.open")
def new(request: HttpRequest) -> HttpResponseBase:
    """Says what is wrong with one thing; the buttons on other pages post here at once."""
    user, now = person_of(request), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    about = asked.get("about", "")
    if side_of(user.role) not in SIDES.get(about, ()):
        raise Http404
    lead = lead_or_404(user, asked.get("lead", ""))
    form = ContestForm(request.POST if request.method == "POST" else None, about=about)
    if form.is_valid():
        wanted = ContestRequest(
            about=about, lead_id=lead.pk, user=user, wrong=form.cleaned_data["wrong"],
            words=form.cleaned_data["words"], subject_id=asked.get("subject", "")[:64], key=asked.get("key", "")[:80],
        )  # fmt: skip
        found = open_contest(wanted, now=now)
        if found.contest is not None:
            words = _("Contested. %(judge)s decides until %(due)s.")
            due = timezone.localtime(found.contest.due_at).strftime("%a %-d %b, %H:%M")
            messages.success(request, words % {"judge": found.contest.judge.name, "due": due})
            return redirect("contest", found.contest.public_id)
        form.add_error(None, found.refusal)
    context = {
        "form": form,
        "about": about,
        "about_label": ContestAbout(about).label,
        "lead": lead,
        "name": name_of(lead),
        "subject": asked.get("subject", "")[:64],
        "key": asked.get("key", "")[:80],
    }
    return render(request, "contests/new.html", context, status=422 if form.errors else 200)


@needs("contests.view")
@require_GET
def contest(request: HttpRequest, contest_id: str) -> HttpResponseBase:
    """Both facts side by side; the judge decides here."""
    return _page(request, _contest_or_404(request, contest_id), VerdictForm())


@needs("contests.judge")
@require_POST
def judge(request: HttpRequest, contest_id: str) -> HttpResponseBase:
    """The verdict, with the judge's words. The first one counts."""
    found, user = _contest_or_404(request, contest_id), person_of(request)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    is_upheld = request.POST.get("verdict") == "uphold"
    judged = judge_contest(found, user, is_upheld=is_upheld, words=form.cleaned_data["words"], now=timezone.now())
    if judged.verdict is None:
        form.add_error(None, judged.refusal)
        return _page(request, _contest_or_404(request, contest_id), form, status=409)
    messages.success(
        request, _("Upheld. Both teams were told.") if is_upheld else _("Dismissed. Both teams were told.")
    )
    return redirect("contest", found.public_id)


def _page(request: HttpRequest, found: Contest, form: VerdictForm, *, status: int = 200) -> HttpResponseBase:
    user, now = person_of(request), timezone.now()
    verdict = getattr(found, "verdict", None)
    context: dict[str, Any] = {
        "contest": found,
        "name": name_of(found.lead),
        "wrong": wrong_label(found.about, found.wrong),
        "key_words": key_words()(found.about, found.key),
        "facts": facts_of(found, now),
        "verdict": verdict,
        "effects": effects_of(found),
        "would_follow": would_follow(found),
        "may_judge": verdict is None and may_judge(found, user, now=now),
        "form": form,
        "now": now,
    }
    return render(request, "contests/contest.html", context, status=status)


def _contest_or_404(request: HttpRequest, contest_id: str) -> Contest:
    rows = contests_for(person_of(request)).select_related(
        "lead__person", "lead__account", "contested_by", "judge", "concerns", "verdict__judge", "assignment__user",
        "assignment__turn", "disposition__reason", "disposition__user",
    )  # fmt: skip
    found: Contest = row_or_404(rows, "contest", contest_id)
    return found


def _chosen(rows: QuerySet[Contest], request: HttpRequest, user: Any) -> QuerySet[Contest]:
    match request.GET.get("state"):
        case "open":
            rows = rows.filter(verdict__isnull=True)
        case "upheld":
            rows = rows.filter(verdict__is_upheld=True)
        case "dismissed":
            rows = rows.filter(verdict__is_upheld=False)
        case "mine":
            rows = rows.filter(Q(judge=user, verdict__isnull=True) | Q(contested_by=user))
    for name in ("about", "side", "key"):
        if value := request.GET.get(name):
            rows = rows.filter(**{name: value[:80]})
    return rows


def _links(request: HttpRequest) -> list[dict[str, Any]]:
    chosen = request.GET.get("state", "")
    labels = {"": _("All"), "open": _("Open"), "upheld": _("Upheld"), "dismissed": _("Dismissed"), "mine": _("Mine")}
    kept = "".join(f"&{name}={request.GET[name]}" for name in ("about", "side") if request.GET.get(name, "").isalpha())
    return [{"label": label, "url": f"?state={key}{kept}", "current": key == chosen} for key, label in labels.items()]
