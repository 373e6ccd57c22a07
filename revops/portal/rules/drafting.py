"""Changing the rulebook: a copy is edited, both sides sign it, it is published, and running leads are rescored."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.foundation import outbox
from revops.foundation.models import OutboxMessage
from revops.portal.back_office import needs, note, person_of, status_of
from revops.portal.rules.editing import RulebookForm, whole_of
from revops.portal.rules.reading import OPEN_STATES, missing_signers, refusal_to_sign, sides_without_signer
from revops.portal.rules.rescoring import start_rescore
from revops.portal.rules.views import book_or_404
from scoring.models import Rulebook, RulebookState, SigningSide
from scoring.publishing import (
    REVIEW_AFTER,
    PublishingRefused,
    create_draft,
    edit_draft,
    publish_rulebook,
    revert_rulebook,
    sign_rulebook,
    stamp_kinds,
)
from scoring.rules import InvalidRulebook
from scoring.starter import STARTER_DEFINITION


@needs("rules.propose")
def new_draft(request: HttpRequest) -> HttpResponse:
    """A draft from the live rulebook, or from the version in the address; without any, from the product's own."""
    base = _base(request)
    whole = _definition(base)
    initial = {"review_by_on": (timezone.now() + REVIEW_AFTER).date(), "name": base.name if base else ""}
    form = RulebookForm(whole, whole, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = form.definition()
        try:
            draft = create_draft(
                made, person_of(request), form.cleaned_data["name"], form.cleaned_data["summary"], timezone.now(),
                review_by_on=form.cleaned_data["review_by_on"],
            )  # fmt: skip
        except InvalidRulebook as refusal:
            form.show_problems(refusal.problems, made)
        else:
            words = _("Version %(n)s is drafted. It counts once both sides have signed it and it is published.")
            messages.success(request, words % {"n": draft.version})
            return redirect("rule-version", draft.version)
    context = {
        "form": form,
        "base": base,
        "unsigned": [side.label for side in sides_without_signer(person_of(request))],
    }
    return render(request, "rules/edit.html", context, status=status_of(form))


def _base(request: HttpRequest) -> Rulebook | None:
    asked = request.GET.get("from", "")
    if asked.isdecimal() and len(asked) < 9:
        return book_or_404(int(asked))
    return Rulebook.objects.filter(state=RulebookState.LIVE).first()


def _definition(base: Rulebook | None) -> dict[str, Any]:
    return dict(base.definition) if base else stamp_kinds(STARTER_DEFINITION)


@needs("rules.propose")
def edit(request: HttpRequest, version: int) -> HttpResponse:
    """Changes an open draft. Whoever was slower sees what is there now, beside what they typed."""
    book = book_or_404(version)
    if book.state not in OPEN_STATES:
        messages.error(request, _("Version %(n)s was published and never changes. Draft a new one.") % {"n": version})
        return redirect("rule-version", version)
    whole = whole_of(book.definition, book.based_on.definition if book.based_on else None)
    initial = {"name": book.name, "summary": book.summary, "review_by_on": book.review_by_on}
    form = RulebookForm(whole, book.definition, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = form.definition()
        try:
            edit_draft(
                book, made, person_of(request), timezone.now(),
                expected_revision=_revision(request), name=form.cleaned_data["name"],
                summary=form.cleaned_data["summary"], review_by_on=form.cleaned_data["review_by_on"],
            )  # fmt: skip
        except InvalidRulebook as refusal:
            form.show_problems(refusal.problems, made)
        except PublishingRefused as refusal:
            form.add_error(None, f"{refusal} {_('What you typed is kept below; saving again replaces their change.')}")
        else:
            messages.success(request, _("Saved. Signatures of the earlier content do not count any more."))
            return redirect("rule-version", version)
    context = {"form": form, "base": book.based_on, "book": book}
    return render(request, "rules/edit.html", context, status=status_of(form))


def _revision(request: HttpRequest) -> int:
    given = request.POST.get("revision", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


@needs("rules.propose")
@require_POST
def ask(request: HttpRequest, version: int) -> HttpResponse:
    """Asks the managers whose side has not signed yet, by a notice in the portal."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()
    asked = missing_signers(book)
    if book.state not in OPEN_STATES or not asked:
        messages.error(request, _("Nobody is left who could be asked to sign this version."))
        return redirect("rule-version", version)
    text = _("Version %(n)s of the rules waits for your signature: %(summary)s")
    with transaction.atomic():
        outbox.enqueue(
            OutboxMessage(
                kind="rulebook.review_requested", subject_kind="rulebook", subject_id=book.pk, channel="in_app",
                recipient=str(manager.pk), created_at=now,
                payload={"text": text % {"n": version, "summary": book.summary},
                         "url": reverse("rule-version", args=[version])},
            )
            for manager in asked
        )  # fmt: skip
        note(user, "rulebook.review_requested", book, now, after={"version": version, "asked": len(asked)})
    names = ", ".join(manager.name for manager in asked)
    messages.success(request, _("Asked to read and sign: %(names)s.") % {"names": names})
    return redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def sign(request: HttpRequest, version: int) -> HttpResponse:
    """One side's yes to exactly what was on the page."""
    book, user, side = book_or_404(version), person_of(request), request.POST.get("side", "")
    if side not in SigningSide.values:
        messages.error(request, _("Say for which side you sign: sales or marketing."))
    elif request.POST.get("content_hash") != book.content_hash:
        messages.error(request, _("Somebody changed this version since you opened it. Read it again, then sign."))
    elif refusal := refusal_to_sign(book, user, side):
        messages.error(request, refusal)
    else:
        try:
            with transaction.atomic():
                sign_rulebook(book, user, side, timezone.now())
                note(user, "rulebook.signed", book, timezone.now(), after={"version": version, "side": side})
            messages.success(request, _("You signed version %(n)s.") % {"n": version})
        except PublishingRefused as problem:
            messages.error(request, str(problem))
    return redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def publish(request: HttpRequest, version: int) -> HttpResponse:
    """Makes a signed version live and lets all running leads be scored by it."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()
    reason = request.POST.get("emergency_reason", "").strip()[:500]
    try:
        with transaction.atomic():
            live = publish_rulebook(book, now, by=user, emergency_reason=reason)
            start_rescore(live, user, now)
            note(user, "rulebook.published", live, now, after={"version": version}, cause=reason)
    except PublishingRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("rule-version", version)
    messages.success(request, _("Version %(n)s is live. Running leads are being scored by it.") % {"n": version})
    return redirect("rules")


@needs("rules.publish")
@require_POST
def revert(request: HttpRequest) -> HttpResponse:
    """Takes the live version back, at once; everybody reads why."""
    user, now, reason = person_of(request), timezone.now(), request.POST.get("reason", "").strip()[:500]
    try:
        with transaction.atomic():
            live = revert_rulebook(user, reason, now)
            start_rescore(live, user, now)
            note(user, "rulebook.reverted", live, now, after={"version": live.version}, cause=reason)
    except PublishingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Version %(n)s counts again.") % {"n": live.version})
    return redirect("rules")
