"""The rep's desk: the queue, and one address per action. Every action is a plain form post that htmx may speed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.dispositions import Answer
from feedback.evidence import date_of
from feedback.models import Disposition, DispositionKind
from feedback.second_look import SecondLook
from leads.attempts import Try
from leads.models import Lead
from revops.foundation.ids import decode
from revops.foundation.policy import check
from revops.portal import journey
from revops.portal.lead_pages.visibility import lead_or_404, leads_for
from revops.portal.queue import desk
from revops.portal.queue.answers import Given, give_answer, lead_shown, take_back
from revops.portal.queue.board import board_for
from revops.portal.queue.card import card_for, lead_name
from revops.portal.queue.forms import ReassignForm, SnoozeForm
from revops.portal.queue.reasons import NOTHING_TYPED, Typed
from revops.portal.queue.rows import count_new
from revops.portal.queue.tokens import Shown, read_card
from revops.portal.queue.tries import TRIES, try_label
from revops.portal.session.requests import SignedInRequest
from sla.handoffs import latest_handoffs, reassign_handoffs, snooze_handoffs


@login_required
@require_GET
def queue(request: SignedInRequest) -> HttpResponse:
    """Who do I call next, and why? With `part=detail` only the card and its actions."""
    check(request.user, "leads.view")
    asked = desk.asked_lead(request)
    board = board_for(request.user, desk.asked_place(request), asked, timezone.now())
    alert = ""
    if asked is not None and (board.selected is None or board.selected.pk != asked):
        alert = _("The lead you asked for is not yours to see, or no longer. This is what waits for you now.")
    if request.GET.get("part") == "detail":
        return render(request, "queue/_detail.html", desk.workspace_context(request, board))
    return desk.queue_page(request, board, alert=alert)


@login_required
@require_GET
def news(request: SignedInRequest) -> HttpResponse:
    """A link that says how many leads came since the page was made; empty if none."""
    place = desk.asked_place(request)
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        return HttpResponse(status=204)
    since = since if since.tzinfo else timezone.make_aware(since)
    found = count_new(request.user, place, since)
    url = place.url(request.GET.get("lead", ""))
    return render(request, "queue/_news.html", {"count": found, "url": url, "since": since, "place": place})


@login_required
@require_POST
def accept(request: SignedInRequest, lead_id: str) -> HttpResponse:
    return _answer(request, lead_id, DispositionKind.ACCEPTED)


@login_required
@require_POST
def give_back(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """Returns a lead to marketing's nurture."""
    return _answer(request, lead_id, DispositionKind.RETURNED)


@login_required
@require_http_methods(["GET", "POST"])
def reject(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """The sheet as a page of its own; a post of it, or of the sheet in the queue, rejects."""
    if request.method == "POST":
        return _answer(request, lead_id, DispositionKind.REJECTED)
    check(request.user, "leads.decide")
    lead = lead_or_404(request.user, lead_id)
    return _reject_page(request, lead, Typed(reason=request.GET.get("reason", "")))


@login_required
@require_POST
def undo(request: SignedInRequest, disposition_id: UUID) -> HttpResponse:
    """Takes an answer back."""
    check(request.user, "leads.decide")
    now = timezone.now()
    given = take_back(leads_for(request.user), disposition_id, request.user, now=now)
    if given.disposition is None:
        return _refused(request, given, NOTHING_TYPED, now=now)
    words = _("Taken back: %(name)s is open again.") % {"name": lead_name(given.lead)}
    return desk.after_success(request, given.lead, words, now=now, next_lead=given.lead.pk)


@login_required
@require_POST
def snooze(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """Puts a lead off. Its clocks run on."""
    check(request.user, "leads.work")
    now = timezone.now()
    lead = lead_or_404(request.user, lead_id)
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    form = SnoozeForm(request.POST, now=now, due_at=handoff.due_at if handoff else None)
    refusal = "" if handoff else _("This lead is not with sales; there is nothing to snooze.")
    if not form.is_valid():
        refusal = " ".join(str(error) for errors in form.errors.values() for error in errors)
    elif handoff is not None:
        until, reason = form.cleaned_data["at"], form.cleaned_data["reason"]
        with transaction.atomic():
            snoozed = snooze_handoffs([handoff.pk], until=until, now=now, user_id=request.user.id, reason=reason)
        refusal = snoozed.refused.get(handoff.pk, "")
    if refusal:
        return _refused(
            request, Given(lead, None, "snooze", refusal), Typed(note=request.POST.get("reason", "")), now=now
        )
    back = timezone.localtime(form.cleaned_data["at"]).strftime("%a %-d %b %H:%M")
    words = _("Snoozed %(name)s until %(when)s. The deadline runs on.") % {"name": lead_name(lead), "when": back}
    return desk.after_success(request, lead, words, now=now, next_lead=_next_lead(request))


@login_required
@require_POST
def log_attempt(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """Logs one attempt; the token of the form makes a repeated post harmless."""
    check(request.user, "leads.work")
    now = timezone.now()
    lead = lead_or_404(request.user, lead_id)
    code = request.POST.get("try", "")
    if code not in dict(TRIES):
        return _refused(
            request,
            Given(lead, None, "unknown_attempt", _("Choose how you tried and what came of it.")),
            Typed(),
            now=now,
        )
    channel, result = code.split(":")
    token = request.POST.get("idempotency_key", "")[:64]
    note = request.POST.get("note", "")
    journey.log_tries([Try(lead.pk, request.user.id, channel, result, now, note=note, event_id=token)], now=now)
    count = lead.attempts.count()
    shown, came = try_label(code)
    words = _("%(channel)s logged: %(result)s. Attempt %(n)d of 6.") % {
        "channel": shown,
        "result": came.lower(),
        "n": count,
    }
    return desk.after_success(request, lead, words, now=now, next_lead=lead.pk)


@login_required
@require_POST
def reassign(request: SignedInRequest, lead_id: str) -> HttpResponse:
    """Gives an unanswered lead to somebody else."""
    check(request.user, "sla.manage")
    now = timezone.now()
    lead = lead_or_404(request.user, lead_id)
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    form = ReassignForm(request.POST)
    if handoff is None or handoff.state != "open" or not form.is_valid():
        words = _("Choose who gets it and say why.") if not form.is_valid() else _("This lead is answered already.")
        return _refused(
            request, Given(lead, None, "reassign", words), Typed(note=request.POST.get("reason", "")), now=now
        )
    owner = form.cleaned_data["user"]
    with transaction.atomic():
        reassign_handoffs([handoff.pk], owner.pk, by_id=request.user.id, reason=form.cleaned_data["reason"], now=now)
    words = _("%(name)s is with %(who)s now.") % {"name": lead_name(lead), "who": owner.name}
    return desk.after_success(request, lead, words, now=now, next_lead=_next_lead(request))


def _answer(request: SignedInRequest, lead_id: str, kind: DispositionKind) -> HttpResponse:
    check(request.user, "leads.decide")
    now = timezone.now()
    shown = read_card(request.POST.get("card", ""), request.user)
    lead = lead_shown(request.user, lead_id, shown)
    typed = _typed(request)
    answer = Answer(
        lead.pk, request.user.id, kind, now, typed.reason, typed.evidence, typed.note, second_look=typed.second_look
    )
    if kind == DispositionKind.RETURNED:
        track, day = request.POST.get("track", "")[:48], request.POST.get("wakes_on", "")
        answer = replace(answer, track=track, wakes_on=date_of(day))
    given = give_answer(lead, shown, answer, now=now)
    if given.disposition is None:
        return _refused(request, given, typed, now=now, shown=shown)
    words = _done_words(given.disposition, lead)
    undo_url = reverse("undo", args=[given.disposition.pk])
    return desk.after_success(request, lead, words, now=now, next_lead=_next_lead(request), undo_url=undo_url)


def _done_words(row: Disposition, lead: Lead) -> str:
    name = lead_name(lead)
    if row.kind == DispositionKind.ACCEPTED:
        return _("Accepted %(name)s") % {"name": name}
    if row.kind == DispositionKind.RETURNED:
        track = f": {row.track.name}" if row.track else ""
        day = _(" until %(day)s") % {"day": date_format(row.wakes_on, "j M Y")} if row.wakes_on else ""
        return _("Returned %(name)s to nurture%(track)s%(day)s") % {"name": name, "track": track, "day": day}
    return _("Rejected %(name)s: %(reason)s") % {"name": name, "reason": row.reason.label if row.reason else ""}


def _typed(request: SignedInRequest) -> Typed:
    """Reason and evidence of a post. The page with radio buttons names the evidence field after its reason."""
    reason = request.POST.get("reason", "")[:48]
    evidence = request.POST.get("evidence", "") or request.POST.get(f"evidence_{reason}", "")
    note, look = request.POST.get("note", ""), request.POST.get("second_look", "")
    return Typed(reason, evidence[:500], note[:2000], look[:300])


def _next_lead(request: SignedInRequest) -> UUID | None:
    try:
        return decode("lead", request.POST.get("next", ""))
    except ValueError:
        return None


def _refused(
    request: SignedInRequest, given: Given, typed: Typed, *, now: datetime, shown: Shown | None = None
) -> HttpResponse:
    """Tells why, keeps what was typed, and shows the lead as it is now (if it can still be seen)."""
    is_visible = leads_for(request.user).filter(pk=given.lead.pk).exists()
    if request.htmx and request.POST.get("from") != "lead":
        place = desk.asked_place(request)
        board = board_for(request.user, place, given.lead.pk if is_visible else _next_lead(request), now)
        return desk.workspace(request, board, typed=typed, alert=given.refusal, look=given.look, status=given.status)
    if is_visible and given.status == 422 and typed.reason:
        return _reject_page(request, given.lead, typed, alert=given.refusal, look=given.look, status=422)
    values: dict[str, Any] = {
        "given": given,
        "typed": typed,
        "lead_title": lead_name(given.lead),
        "lead_url": reverse("lead", args=[given.lead.public_id]) if is_visible else "",
        "back_url": desk.asked_place(request).url(),
    }
    return render(request, "queue/refused.html", values, status=given.status)


def _reject_page(
    request: SignedInRequest,
    lead: Lead,
    typed: Typed,
    *,
    alert: str = "",
    look: SecondLook | None = None,
    status: int = 200,
) -> HttpResponse:
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    card = card_for(lead, handoff, request.user, timezone.now())
    context = desk.action_context(card, request.user, typed=typed, came_from=request.POST.get("from", "queue"))
    if not context["can_reject"]:
        messages.info(request, _("This lead cannot be rejected now."))
        return redirect(reverse("lead", args=[lead.public_id]))
    return render(request, "queue/reject.html", {**context, "alert": alert, "look": look}, status=status)
