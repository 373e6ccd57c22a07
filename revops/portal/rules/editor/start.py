"""Where a draft begins: at the live rules, at an earlier version, at a preset, or in a file."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from revops.portal.back_office import needs, person_of
from revops.portal.rules.reading import sides_without_signer
from revops.portal.rules.views import book_or_404
from scoring.models import Rulebook, RulebookState
from scoring.presets import PRESETS
from scoring.publishing import create_draft
from scoring.rules import InvalidRulebook

LARGEST_FILE = 500_000


@needs("rules.propose")
def new_draft(request: HttpRequest) -> HttpResponse:
    """Offers where to begin; a choice makes the draft and opens the editor."""
    live = Rulebook.objects.filter(state=RulebookState.LIVE).first()
    refused: list[str] = []
    if request.method == "POST":
        try:
            name, definition = _chosen(request, live)
            draft = create_draft(definition, person_of(request), name, "", timezone.now())
        except InvalidRulebook as refusal:
            refused = [f"{problem.pointer or '/'}: {problem.message}" for problem in refusal.problems]
        except ValueError as refusal:
            refused = [str(refusal)]
        else:
            return redirect("rule-edit", draft.version)
    context = {
        "live": live,
        "presets": PRESETS.values(),
        "books": Rulebook.objects.exclude(published_at=None)
        .exclude(state=RulebookState.LIVE)
        .order_by("-version")[:20],
        "refused": refused,
        "typed": request.POST.get("json", ""),
        "from": request.GET.get("from", ""),
        "unsigned": [side.label for side in sides_without_signer(person_of(request))],
    }
    return render(request, "rules/start.html", context, status=422 if refused else 200)


def _chosen(request: HttpRequest, live: Rulebook | None) -> tuple[str, dict[str, Any]]:
    begin = request.POST.get("begin", "live")
    version = request.POST.get("version", "")
    if begin == "version" and version.isdecimal() and len(version) < 9:
        book = book_or_404(int(version))
        return book.name, book.definition
    if begin == "json":
        return _("Imported rules"), _imported(request)
    if begin.startswith("preset:") and (preset := PRESETS.get(begin.removeprefix("preset:"))):
        return preset.name, preset.definition
    if begin == "live" and live is not None:
        return live.name, live.definition
    raise ValueError(_("Choose where the draft begins."))


def _imported(request: HttpRequest) -> dict[str, Any]:
    upload = request.FILES.get("file")
    if upload is not None and (upload.size or 0) > LARGEST_FILE:
        raise ValueError(_("This file is too large to be a rulebook."))
    text = upload.read().decode("utf-8", errors="replace") if upload is not None else request.POST.get("json", "")
    try:
        read = json.loads(text)
    except ValueError as error:
        raise ValueError(_("This is no JSON: %(error)s") % {"error": error}) from None
    definition = read.get("definition", read) if isinstance(read, dict) else read
    if isinstance(definition, dict):
        return definition
    raise ValueError(_("A rulebook is an object with “rules”, “caps” and “tiers”."))


@needs("rules.view")
def export(request: HttpRequest, version: int) -> HttpResponse:
    """A version as a file that can be imported again; signal kinds are stamped anew then."""
    book = book_or_404(version)
    definition = {part: value for part, value in book.definition.items() if part != "kinds"}
    body = {"name": book.name, "version": book.version, "summary": book.summary, "definition": definition}
    answer = JsonResponse(body, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="rulebook-v{book.version}.json"'
    return answer
