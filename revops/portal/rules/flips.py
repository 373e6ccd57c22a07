"""Every past lead whose tier a version would change, page by page, for whoever wants to read more than the first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from revops.portal.back_office import needs, query_of
from revops.portal.rules.editor.panel import flip_rows, scope_choices, scope_of
from revops.portal.rules.views import book_or_404
from scoring.backtest import ask_flips
from scoring.models import Rulebook, RulebookState
from scoring.publishing import NoLiveRulebook

ON_A_PAGE = 50
_LAST = 100_000


@needs("rules.view")
@require_GET
def flip_list(request: HttpRequest, version: int) -> HttpResponse:
    """The greatest change first: who crosses into or out of tier 1, then by how far their order moves."""
    book, number = book_or_404(version), _number(request)
    against = _against(book)
    offset = (number - 1) * ON_A_PAGE
    try:
        total, flips = ask_flips(
            book.definition, against=against.definition if against else None,
            scope=scope_of(request.GET), offset=offset, limit=ON_A_PAGE,
        )  # fmt: skip
    except NoLiveRulebook:
        total, flips = 0, []
    scopes = scope_choices(request.GET)
    context: dict[str, Any] = {
        "book": book,
        "against": against,
        "rows": flip_rows(request, flips),
        "total": total,
        "page_size": ON_A_PAGE,
        "shown": f"{offset + 1}–{offset + len(flips)}",
        "scopes": [(one["name"], one["label"], one["choices"][1:]) for one in scopes],
        "active": sum(1 for one in scopes if one["value"]),
        "earlier_url": f"?{query_of(request, page=str(number - 1))}" if number > 1 else "",
        "next_url": f"?{query_of(request, page=str(number + 1))}" if offset + len(flips) < total else "",
    }
    return render(request, "rules/flips.html", context)


def _against(book: Rulebook) -> Rulebook | None:
    """What a version is compared with: the live one; the live one itself with the version it began at."""
    if book.state == RulebookState.LIVE:
        return book.based_on
    return Rulebook.objects.filter(state=RulebookState.LIVE).first()


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return min(int(text), _LAST) if text.isdecimal() and 0 < len(text) < 7 and int(text) else 1
