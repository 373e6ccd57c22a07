"""Renders the queue page and its fragments: one template each, the same for a whole page and for htmx."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from feedback.second_look import SecondLook
from leads.models import Lead
from revops.foundation.ids import decode, encode, new_id
from revops.foundation.pages.words import duration_words
from revops.foundation.policy import can
from revops.portal.queue.board import Board, board_for, routable_reps
from revops.portal.queue.card import Card
from revops.portal.queue.place import Place, read_place
from revops.portal.queue.reasons import NOTHING_TYPED, Typed, nurture_tracks, reject_sheet
from revops.portal.queue.snoozing import snooze_options
from revops.portal.queue.tokens import sign_card
from revops.portal.session.requests import SignedInRequest


def asked_lead(request: SignedInRequest) -> UUID | None:
    try:
        return decode("lead", request.GET.get("lead", ""))
    except ValueError:
        return None


def asked_place(request: SignedInRequest) -> Place:
    """Where the person is, from the address or from the hidden fields of a form."""
    asked = request.POST if request.method == "POST" else request.GET
    return read_place(request.user, asked.get("owner", ""), asked.get("show", ""))


def action_context(card: Card, user: Any, *, typed: Typed = NOTHING_TYPED, came_from: str = "queue") -> dict[str, Any]:
    """What the action bar of a lead needs. Three queries."""
    lead, handoff = card.lead, card.handoff
    is_open = handoff is not None and handoff.state == "open"
    due_at = handoff.due_at if handoff is not None and is_open else None
    may_work = can(user, "leads.work")
    return {
        "card": card,
        "card_token": sign_card(user, lead.pk, handoff.version if handoff else 0, card.now),
        "idempotency_key": new_id(),
        "came_from": came_from,
        "typed": typed,
        "families": reject_sheet(card, typed),
        "tracks": nurture_tracks(),
        "tomorrow": timezone.localdate(card.now) + timedelta(days=1),
        "snooze_options": snooze_options(card.now, timezone.get_current_timezone(), due_at),
        "can_answer": can(user, "leads.decide") and is_open,
        "can_reject": can(user, "leads.decide") and (is_open or lead.stage == "accepted"),
        "can_snooze": may_work and is_open and handoff is not None and handoff.owner_id in (None, user.pk),
        "can_log": may_work and lead.stage in ("handed_off", "accepted", "opportunity"),
        "can_reassign": can(user, "sla.manage") and is_open,
        "reps": routable_reps() if can(user, "sla.manage") and is_open else [],
        "is_unrouted": is_open and handoff is not None and handoff.owner_id is None,
    }


def workspace_context(
    request: SignedInRequest,
    board: Board,
    *,
    typed: Typed = NOTHING_TYPED,
    alert: str = "",
    announce: str = "",
    look: SecondLook | None = None,
) -> dict[str, Any]:
    """What `queue/_workspace.html` needs; with `announce` the focus goes to the card and screen readers hear it."""
    values: dict[str, Any] = {"board": board, "alert": alert, "announce": announce, "typed": typed, "look": look}
    if board.card is not None:
        values |= action_context(board.card, request.user, typed=typed)
    return values


def queue_page(request: SignedInRequest, board: Board, *, status: int = 200, **options: Any) -> HttpResponse:
    return render(request, "queue/queue.html", workspace_context(request, board, **options), status=status)


def workspace(
    request: SignedInRequest, board: Board, *, toast: str = "", undo_url: str = "", status: int = 200, **options: Any
) -> HttpResponse:
    """The fragment that replaces list and card after an action, with a toast beside it."""
    said = " ".join(filter(None, (f"{toast or options.get('alert', '')}".rstrip(".") + ".", announcement(board))))
    values = workspace_context(request, board, announce=said, **options)
    html = render_to_string("queue/_workspace.html", values, request)
    if toast:
        told = {"toast_text": toast, "undo_url": undo_url, "board": board}
        html += render_to_string("queue/_toast.html", told, request)
    response = HttpResponse(html, status=status)
    response["HX-Replace-Url"] = board.place.url(board.selected.public_id if board.selected else "")
    return response


def after_success(
    request: SignedInRequest, lead: Lead, words: str, *, now: datetime, next_lead: UUID | None, undo_url: str = ""
) -> HttpResponse:
    """Back to where the person was, with the next lead open and the words of what was done."""
    if request.POST.get("from") == "lead":
        messages.success(request, words)
        return redirect(reverse("lead", args=[lead.public_id]))
    place = asked_place(request)
    if not request.htmx:
        messages.success(request, words)
        return redirect(place.url(_public_id(next_lead)))
    board = board_for(request.user, place, next_lead, now)
    return workspace(request, board, toast=words, undo_url=undo_url)


def announcement(board: Board) -> str:
    """What a screen reader hears after a decision: the next lead, its deadline, how many are left."""
    if board.card is None:
        return str(_("The list is clear."))
    left = ngettext("%(n)d left", "%(n)d left", board.total) % {"n": board.total}
    due = next((row.due_at for row in board.rows if row.pk == board.card.lead.pk), None)
    if due is None:
        return _("Next: %(name)s, %(left)s.") % {"name": board.card.company, "left": left}
    span = duration_words(due - board.now)
    words = _("due in %(span)s") if due >= board.now else _("late by %(span)s")
    return _("Next: %(name)s, %(due)s, %(left)s.") % {
        "name": board.card.company, "due": words % {"span": span}, "left": left,
    }  # fmt: skip


def _public_id(pk: UUID | None) -> str:
    return encode("lead", pk) if pk else ""
