"""The steps of a proposal after it is written: reviewed, signed or declined, scheduled, published, taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.foundation import outbox
from revops.foundation.models import OutboxMessage, User
from revops.portal.back_office import needs, note, person_of
from revops.portal.rules.evidence import evidence_for
from revops.portal.rules.reading import missing_signers, refusal_to_sign
from revops.portal.rules.rescoring import start_rescore
from revops.portal.rules.views import book_or_404
from scoring.models import Rulebook, SigningSide
from scoring.publishing import (
    PublishingRefused,
    decline_review,
    discard_draft,
    keep_rulebook,
    publish_rulebook,
    request_review,
    revert_rulebook,
    schedule_rulebook,
    sign_rulebook,
    unschedule_rulebook,
)


def _try(request: HttpRequest, act: Callable[[], str]) -> bool:
    """Does one step in a transaction and says how it went."""
    try:
        with transaction.atomic():
            said = act()
    except PublishingRefused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, said)
    return True


@needs("rules.propose")
@require_POST
def ask(request: HttpRequest, version: int) -> HttpResponse:
    """Asks for the review, and the managers whose side has not signed yet for their signatures."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()

    def step() -> str:
        summary = request.POST.get("summary")
        asked_book = book
        if book.state == "draft":
            evidence = evidence_for(book)
            asked_book = request_review(book, user, now, summary=summary, evidence=evidence)
        asked = missing_signers(asked_book)
        if asked_book.state != "review" or not asked:
            raise PublishingRefused(_("Nobody is left who could be asked to sign this version."))
        text = _("Version %(n)s of the rules waits for your signature: %(summary)s")
        tell(asked, "rulebook.review_requested", asked_book, now, text % {"n": version, "summary": asked_book.summary})
        note(user, "rulebook.review_requested", book, now, after={"version": version, "asked": len(asked)})
        names = ", ".join(manager.name for manager in asked)
        return _("Asked to read and sign: %(names)s.") % {"names": names}

    _try(request, step)
    return redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def sign(request: HttpRequest, version: int) -> HttpResponse:
    """One side's yes to exactly what was on the page."""
    book, user, side = book_or_404(version), person_of(request), request.POST.get("side", "")

    def step() -> str:
        if side not in SigningSide.values:
            raise PublishingRefused(_("Say for which side you sign: sales or marketing."))
        if request.POST.get("content_hash") != book.content_hash:
            raise PublishingRefused(_("Somebody changed this version since you opened it. Read it again, then sign."))
        if refusal := refusal_to_sign(book, user, side):
            raise PublishingRefused(refusal)
        sign_rulebook(book, user, side, timezone.now())
        note(user, "rulebook.signed", book, timezone.now(), after={"version": version, "side": side})
        return _("You signed version %(n)s.") % {"n": version}

    _try(request, step)
    return redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def decline(request: HttpRequest, version: int) -> HttpResponse:
    """One side's no, with words for the author."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()

    def step() -> str:
        comment = request.POST.get("comment", "")[:500]
        decline_review(book, user, comment, now)
        note(user, "rulebook.declined", book, now, after={"version": version}, cause=comment)
        words = _("%(name)s declined version %(n)s of the rules: %(comment)s")
        tell([book.author], "rulebook.declined", book, now,
             words % {"name": user.name, "n": version, "comment": comment})  # fmt: skip
        return _("Declined. %(name)s reads your comment.") % {"name": book.author.name}

    _try(request, step)
    return redirect("rule-version", version)


@needs("rules.propose")
@require_POST
def discard(request: HttpRequest, version: int) -> HttpResponse:
    """Puts a draft away; it stays readable among the versions."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()

    def step() -> str:
        reason = request.POST.get("reason", "")[:500]
        discard_draft(book, user, reason, now)
        note(user, "rulebook.discarded", book, now, after={"version": version}, cause=reason)
        return _("Version %(n)s is discarded.") % {"n": version}

    return redirect("rule-versions") if _try(request, step) else redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def publish(request: HttpRequest, version: int) -> HttpResponse:
    """Makes a signed version live, now or at a set time, and lets all running leads be scored by it."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()
    reason = request.POST.get("emergency_reason", "").strip()[:500]

    def step() -> str:
        publish_at = _instant(request.POST.get("publish_at", ""))
        if publish_at is not None:
            schedule_rulebook(book, publish_at, user, now, emergency_reason=reason)
            note(user, "rulebook.scheduled", book, now, after={"version": version, "at": str(publish_at)}, cause=reason)
            at = timezone.localtime(publish_at)
            return _("Version %(n)s goes live on %(at)s.") % {"n": version, "at": f"{at:%-d %b %Y %H:%M %Z}"}
        live = publish_rulebook(book, now, by=user, emergency_reason=reason)
        start_rescore(live, user, now)
        note(user, "rulebook.published", live, now, after={"version": version}, cause=reason)
        return _("Version %(n)s is live. Running leads are being scored by it.") % {"n": version}

    done = _try(request, step)
    book.refresh_from_db()
    return redirect("rules") if done and book.state == "live" else redirect("rule-version", version)


def _instant(text: str) -> datetime | None:
    """What a date-and-time input sent, in the zone of the person who looks."""
    if not text.strip():
        return None
    try:
        read: datetime = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]).clean(text)
    except forms.ValidationError:
        raise PublishingRefused(_("Give a day and a time, like 2026-03-04 09:00.")) from None
    return read


@needs("rules.publish")
@require_POST
def unschedule(request: HttpRequest, version: int) -> HttpResponse:
    """Takes a version off the schedule."""
    book, user, now = book_or_404(version), person_of(request), timezone.now()

    def step() -> str:
        unschedule_rulebook(book, user, now)
        note(user, "rulebook.unscheduled", book, now, after={"version": version})
        return _("Version %(n)s is off the schedule; its signatures stay.") % {"n": version}

    _try(request, step)
    return redirect("rule-version", version)


@needs("rules.publish")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """The live rulebook was reviewed and stays."""
    user, now = person_of(request), timezone.now()

    def step() -> str:
        words = request.POST.get("note", "")[:400]
        try:
            next_on = parse_date(request.POST.get("next_on", ""))
        except ValueError:
            next_on = None
        live = keep_rulebook(user, words, next_on or (now + timedelta(days=90)).date(), now)
        note(user, "rulebook.kept", live, now, after={"review_by_on": str(live.review_by_on)}, cause=words)
        return _("Reviewed. The next review is due on %(day)s.") % {"day": f"{live.review_by_on:%-d %b %Y}"}

    _try(request, step)
    return redirect("rules")


@needs("rules.publish")
@require_POST
def revert(request: HttpRequest) -> HttpResponse:
    """Takes the live version back, at once; everybody reads why."""
    user, now, reason = person_of(request), timezone.now(), request.POST.get("reason", "").strip()[:500]

    def step() -> str:
        live = revert_rulebook(user, reason, now)
        start_rescore(live, user, now)
        note(user, "rulebook.reverted", live, now, after={"version": live.version}, cause=reason)
        return _("Version %(n)s is live, with the content of version %(m)s.") % {
            "n": live.version, "m": live.restores.version if live.restores else "",
        }  # fmt: skip

    _try(request, step)
    return redirect("rules")


def tell(people: Iterable[User], kind: str, book: Rulebook, now: datetime, text: str) -> None:
    """A notice in the portal for each of these people, in the caller's transaction."""
    outbox.enqueue(
        OutboxMessage(
            kind=kind, subject_kind="rulebook", subject_id=book.pk, channel="in_app", recipient=str(person.pk),
            created_at=now, payload={"text": text, "url": reverse("rule-version", args=[book.version])},
        )
        for person in people
    )  # fmt: skip
