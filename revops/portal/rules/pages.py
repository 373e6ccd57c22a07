"""Ways to look at the rules: the qualification matrix, two versions side by side, one rule with its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from feedback.rule_lift import lift_of_rule
from revops.portal.back_office import needs
from revops.portal.rules.marks import marks_by_rule
from revops.portal.rules.reading import STATE_TONES
from revops.portal.rules.views import book_or_404
from scoring.differences import differences
from scoring.matrix import matrix
from scoring.models import Rulebook, RulebookState
from scoring.rules import parse_rulebook, rule_sentence

MOST_VERSIONS = 200


def _asked_or_live(request: HttpRequest, name: str = "version") -> Rulebook | None:
    asked = request.GET.get(name, "")
    if asked.isdecimal() and len(asked) < 9:
        return book_or_404(int(asked))
    return Rulebook.objects.filter(state=RulebookState.LIVE).first()


@needs("rules.view")
@require_GET
def matrix_page(request: HttpRequest) -> HttpResponse:
    """Attributes by tier on one sheet, to print and to hang up."""
    book = _asked_or_live(request)
    if book is None:
        return render(request, "rules/none.html", {"may_propose": False})
    return render(request, "rules/matrix.html", {"book": book, "matrix": matrix(book.definition)})


@needs("rules.view")
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """What differs between any two versions, in words."""
    books = list(Rulebook.objects.defer("definition").order_by("-version")[:MOST_VERSIONS])
    newer = _asked_or_live(request, "b")
    older = _asked_or_live(request, "a") if request.GET.get("a") else (newer.based_on if newer else None)
    changes = differences(older.definition, newer.definition) if older and newer else []
    context = {"books": books, "older": older, "newer": newer, "changes": changes}
    return render(request, "rules/compare.html", context)


@dataclass(frozen=True, slots=True)
class Past:
    """What a rule said in one version; empty where it was not part of it."""

    book: Rulebook
    tone: tuple[str, str]
    sentence: str


@needs("rules.view")
@require_GET
def rule_page(request: HttpRequest, key: str) -> HttpResponse:
    """One rule: what it says, what became of the leads it counted for, what reps think, and every earlier wording."""
    books = list(Rulebook.objects.filter(published_at__isnull=False).select_related("author").order_by("-version")[:50])
    history = [_past(book, key) for book in books]
    if not any(past.sentence for past in history):
        raise Http404(_("No published version has this rule."))
    live = next((book for book in books if book.state == RulebookState.LIVE), None)
    place = _place(live, key)
    context: dict[str, Any] = {
        "key": key,
        "sentence": next(past.sentence for past in history if past.sentence),
        "live": live,
        "is_live": place is not None,
        "lift": lift_of_rule(live.pk, place) if live is not None and place is not None else None,
        "marks": marks_by_rule().get(key, {}),
        "history": _turns(history),
        "now": timezone.now(),
    }
    return render(request, "rules/rule.html", context)


def _past(book: Rulebook, key: str) -> Past:
    definition = parse_rulebook(book.definition)
    found = next((rule for rule in definition.rules if rule.key == key), None)
    said = rule_sentence(found, definition.kinds) if found else ""
    return Past(book, STATE_TONES[RulebookState(book.state)], said)


def _turns(history: list[Past]) -> list[Past]:
    """Only the versions in which the rule began, changed or ended, newest first."""
    older = [*history[1:], None]
    return [
        past
        for past, before in zip(history, older, strict=True)
        if past.sentence != (before.sentence if before else "")
    ]


def _place(live: Rulebook | None, key: str) -> int | None:
    keys = [rule["key"] for rule in live.definition["rules"]] if live else []
    return keys.index(key) if key in keys else None
