"""The editor's page: every button posts the whole form, so that it works without scripts, and saves what is valid."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.portal.back_office import needs, person_of
from revops.portal.rules.conflicts import conflict_page
from revops.portal.rules.editor.forms import AboutForm
from revops.portal.rules.editor.panel import panel, scope_choices
from revops.portal.rules.editor.proving import Checked, checked
from revops.portal.rules.editor.showing import show
from revops.portal.rules.editor.working import Working, changed_lines, read_working, stage_lines, working_copy
from revops.portal.rules.marks import marks_by_rule
from revops.portal.rules.views import book_or_404
from scoring.backtest import get_ready
from scoring.models import Rulebook
from scoring.publishing import OPEN_STATES, DraftMoved, PublishingRefused, content_hash, edit_draft, stamp_kinds
from scoring.publishing import undo_edit as undo
from scoring.rules import parse_rulebook

_LOOKS_ONLY = {"refresh", "backtest"}


@needs("rules.propose")
def edit(request: HttpRequest, version: int) -> HttpResponse:
    """A draft as a form. A button changes it; what is valid is saved as a new revision, what is not stays as typed."""
    book = book_or_404(version)
    if book.state not in OPEN_STATES:
        messages.error(
            request, _("Version %(n)s is no open draft and never changes. Draft a new one.") % {"n": version}
        )
        return redirect("rule-version", version)
    if request.method != "POST":
        get_ready()
        return _page(request, book, working_copy(book.definition, book.parked), _about(book))
    act = request.POST.get("act", "save")
    if act == "undo":
        return _undone(request, book)
    working = read_working(request.POST, book.definition).act(act, request.POST.dict())
    if act == "stages":
        working = working.with_stages(stage_lines(stamp_kinds({})["kinds"]))
    return _kept(request, book, working, act)


def _kept(request: HttpRequest, book: Rulebook, working: Working, act: str) -> HttpResponse:
    about = AboutForm(request.POST)
    definition = stamp_kinds(working.definition())
    verdict = checked(definition)
    opened = _touched(act, working)
    if _looks_only(act) or verdict.book is None or not about.is_valid():
        return _page(request, book, working, about, verdict=verdict, opened=opened, is_refused=not _looks_only(act))
    if not _differs(book, definition, working, about):
        return _page(request, book, working, about, verdict=verdict, opened=opened, said=_("Nothing to save."))
    given = request.POST.get("revision", "")
    revision = int(given) if given.isdecimal() and len(given) < 9 else 0
    try:
        saved = edit_draft(
            book, definition, person_of(request), timezone.now(),
            expected_revision=revision, parked=working.parked(), **about.cleaned_data,
        )  # fmt: skip
    except DraftMoved as moved:
        return conflict_page(request, moved.rulebook, revision, definition, working.parked(), about.cleaned_data)
    said = _("Saved as revision %(n)d.") % {"n": saved.revision}
    if book.signatures.filter(content_hash=book.content_hash).exists() and saved.content_hash != book.content_hash:
        said += " " + _("Signatures of the earlier content do not count any more.")
    return _answer(request, saved, said, opened)


def _undone(request: HttpRequest, book: Rulebook) -> HttpResponse:
    given = request.POST.get("revision", "")
    try:
        saved = undo(book, person_of(request), timezone.now(), expected_revision=int(given) if given.isdecimal() else 0)
    except PublishingRefused as refusal:
        book.refresh_from_db()
        return _answer(request, book, str(refusal), [])
    return _answer(request, saved, _("Undone. This is revision %(n)d.") % {"n": saved.revision}, [])


def _answer(request: HttpRequest, book: Rulebook, said: str, opened: list[int]) -> HttpResponse:
    """The editor as it is stored now: in place for htmx, by a new request for everybody else."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, said)
        return redirect("rule-edit", book.version)
    return _page(request, book, working_copy(book.definition, book.parked), _about(book), said=said, opened=opened)


@needs("rules.propose")
@require_POST
def backtest(request: HttpRequest, version: int) -> HttpResponse:
    """The panel beside the editor for what is typed now; writes nothing."""
    book = book_or_404(version)
    working = read_working(request.POST, book.definition)
    definition = stamp_kinds(working.definition())
    verdict = checked(definition)
    context = {
        **panel(request, book, definition, verdict),
        "shown": _shown(book, working, verdict, []),
        "book": book,
        "is_live_answer": True,
    }
    return render(request, "rules/editor/_panel.html", context)


def _page(
    request: HttpRequest,
    book: Rulebook,
    working: Working,
    about: AboutForm,
    *,
    verdict: Checked | None = None,
    opened: list[int] | None = None,
    said: str = "",
    is_refused: bool = False,
) -> HttpResponse:
    verdict = verdict or checked(stamp_kinds(working.definition()))
    context: dict[str, Any] = {
        "book": book,
        "about": about,
        "shown": _shown(book, working, verdict, opened or []),
        "said": said,
        "is_refused": is_refused,
        "revision": request.POST.get("revision") if is_refused else book.revision,
        "can_undo": book.revision > 1,
        "backtest_url": reverse("rule-backtest", args=[book.version]),
        "scopes": scope_choices(request.POST),
    }
    if request.POST.get("act") == "backtest":
        context |= panel(request, book, stamp_kinds(working.definition()), verdict)
    template = "rules/editor/_form.html" if request.htmx else "rules/editor/page.html"  # type: ignore[attr-defined]
    # A rule that was just added is unfinished, which is no mistake; saving it so would be one.
    status = 422 if is_refused and request.POST.get("act", "save") == "save" else 200
    return render(request, template, context, status=status)


def _shown(book: Rulebook, working: Working, verdict: Checked, opened: list[int]) -> Any:
    base = book.based_on
    changed = list(changed_lines(working_copy(base.definition), working)) if base else []
    kinds = verdict.book.kinds if verdict.book else _kinds(book)
    return show(
        working, kinds, verdict.problems, book=verdict.book, warnings=verdict.warnings,
        opened=opened, changed=changed, marks=marks_by_rule(),
    )  # fmt: skip


def _kinds(book: Rulebook) -> Any:
    return parse_rulebook(stamp_kinds(book.definition)).kinds


def _about(book: Rulebook) -> AboutForm:
    return AboutForm({"name": book.name, "summary": book.summary, "review_by_on": book.review_by_on})


def _differs(book: Rulebook, definition: dict[str, Any], working: Working, about: AboutForm) -> bool:
    words = {field: value for field, value in about.cleaned_data.items() if value}
    return (
        content_hash(definition) != book.content_hash
        or working.parked() != book.parked
        or any(getattr(book, field) != value for field, value in words.items())
    )


def _touched(act: str, working: Working) -> list[int]:
    """The line a button was about, which stays open; a new line is the last of its axis."""
    name, _colon, rest = act.partition(":")
    if name == "add":
        axis = "" if rest == "no" else rest
        return [n for n, line in enumerate(working.lines) if line.axis == axis][-1:]
    first = rest.split(".")[0]
    return [int(first)] if first.isdecimal() and name not in {"remove", "up", "down"} else []


def _looks_only(act: str) -> bool:
    return act.partition(":")[0] in _LOOKS_ONLY
