"""Two changes of the same rules: shown side by side, kept together where they agree, chosen where they collide."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.portal.back_office import needs, person_of
from revops.portal.rules.views import book_or_404
from scoring.differences import differences
from scoring.models import Rulebook
from scoring.publishing import (
    OPEN_STATES,
    Collision,
    DraftMoved,
    PublishingRefused,
    RebaseCollides,
    edit_draft,
    merge,
    rebase_draft,
    stamp_kinds,
)
from scoring.publishing.merging import with_piece
from scoring.rules import InvalidRulebook


@dataclass(frozen=True, slots=True)
class Choice:
    """A collision in words: what each of the two says now."""

    name: str
    mine: str
    theirs: str


def conflict_page(
    request: HttpRequest,
    book: Rulebook,
    revision: int,
    mine: Mapping[str, Any],
    parked: Sequence[Mapping[str, Any]],
    words: Mapping[str, Any],
) -> HttpResponse:
    """Somebody saved the draft meanwhile: their change, yours, and one button for both. Nothing typed is lost."""
    base = book.revisions.filter(number=revision).first()
    before = base.definition if base else book.definition
    merged = merge(before, mine, book.definition)
    latest = book.revisions.select_related("saved_by").filter(number=book.revision).first()
    typed = {"definition": {part: value for part, value in mine.items() if part != "kinds"}, "parked": list(parked),
             "words": {name: str(value or "") for name, value in words.items()}}  # fmt: skip
    context = {
        "book": book,
        "latest": latest,
        "is_open": book.state in OPEN_STATES,
        "theirs": differences(before, book.definition),
        "mine": differences(before, mine),
        "choices": choices_of(merged.collisions, before, mine, book.definition),
        "typed": json.dumps(typed),
        "started_at": revision,
    }
    template = "rules/_conflict.html" if request.htmx else "rules/conflict.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=409)


def choices_of(
    collisions: Sequence[Collision], base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[Choice]:
    """The collisions in the words of the diff."""
    return [
        Choice(one.name, _said(base, mine, one, one.mine), _said(base, theirs, one, one.theirs)) for one in collisions
    ]


def _said(base: Mapping[str, Any], after: Mapping[str, Any], collision: Collision, value: Any) -> str:
    """One piece as a sentence; as it is written if it makes none by itself."""
    if value is None:
        return _("Taken out.")
    try:
        alone = {**with_piece(base, collision.path, value), "kinds": {**base["kinds"], **after.get("kinds", {})}}
        told = differences(base, alone)
    except InvalidRulebook:
        told = []
    return told[0].after if told and told[0].after else json.dumps(value)


def _chosen(request: HttpRequest) -> dict[str, str]:
    """What was chosen for each collision, by its name."""
    return {
        name.removeprefix("choice:"): str(value) for name, value in request.POST.items() if name.startswith("choice:")
    }


@needs("rules.propose")
@require_POST
def merge_typed(request: HttpRequest, version: int) -> HttpResponse:
    """Saves what two people typed as one draft, or only what was typed last, as the conflict page offered."""
    book, now = book_or_404(version), timezone.now()
    try:
        typed = json.loads(request.POST.get("typed", ""))
        mine, parked, words = typed["definition"], typed["parked"], typed["words"]
        started_at, seen = int(request.POST["started_at"]), int(request.POST["revision"])
    except (ValueError, KeyError, TypeError):
        messages.error(request, _("What you typed did not arrive whole. Nothing was changed."))
        return redirect("rule-edit", version)
    base = book.revisions.filter(number=started_at).first()
    keep_both = request.POST.get("act") != "mine"
    made = mine
    if keep_both and base is not None:
        chosen = _chosen(request)
        made = merge(base.definition, mine, book.definition, chosen).definition
    try:
        edit_draft(
            book, made, person_of(request), now, expected_revision=seen, parked=parked,
            name=words.get("name", "")[:120], summary=words.get("summary", "")[:140],
            review_by_on=parse_date(words.get("review_by_on", "")),
        )  # fmt: skip
    except DraftMoved as moved:
        return conflict_page(request, moved.rulebook, started_at, stamp_kinds(mine), parked, words)
    except (InvalidRulebook, ValueError) as refusal:
        messages.error(request, str(refusal))
        return redirect("rule-edit", version)
    messages.success(request, _("Both changes are saved.") if keep_both else _("Your change is saved."))
    return redirect("rule-edit", version)


@needs("rules.propose")
def rebase(request: HttpRequest, version: int) -> HttpResponse:
    """Another version went live: what it changed, what this draft changes, and a choice where both did."""
    book = book_or_404(version)
    live = Rulebook.objects.filter(state="live").first()
    if live is None or book.based_on_id == live.pk or book.state not in OPEN_STATES:
        messages.info(request, _("This draft is up to date."))
        return redirect("rule-version", version)
    base = book.based_on.definition if book.based_on else live.definition
    chosen = _chosen(request)
    collisions = merge(base, book.definition, live.definition, chosen).collisions
    if request.method == "POST":
        try:
            rebase_draft(book, person_of(request), timezone.now(), chosen)
        except RebaseCollides as refusal:
            collisions = refusal.collisions
            messages.error(request, str(refusal))
        except (PublishingRefused, InvalidRulebook) as refusal:
            messages.error(request, str(refusal))
            return redirect("rule-version", version)
        else:
            messages.success(request, _("This draft is now based on version %(n)d.") % {"n": live.version})
            return redirect("rule-version", version)
    context = {
        "book": book,
        "live": live,
        "theirs": differences(base, live.definition),
        "mine": differences(base, book.definition),
        "choices": choices_of(collisions, base, book.definition, live.definition),
    }
    return render(request, "rules/rebase.html", context, status=409 if request.method == "POST" else 200)
