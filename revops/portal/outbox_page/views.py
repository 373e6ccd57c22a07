"""The page of the outbox: messages by channel and state, the error of each, and another try."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from revops.foundation import outbox
from revops.foundation.models import Channel, ChatEndpoint, MessageState, OutboxMessage
from revops.portal.back_office import needs, note, page_of, person_of

TONES = {"waiting": "neutral", "delivering": "note", "delivered": "good", "failed": "bad", "cancelled": "neutral"}
MOST_AT_ONCE = 1000


@needs("health.view")
@never_cache
@require_GET
def outbox_list(request: HttpRequest) -> HttpResponseBase:
    """Messages that failed, unless another state is asked for, newest first."""
    state = request.GET.get("state", MessageState.FAILED)
    state = state if state in MessageState.values else MessageState.FAILED
    page = page_of(_chosen(request, state), ("-created_at", "-pk"), request)
    context = {
        "page": page,
        "rows": [(row, _recipient(row, hosts)) for hosts in [_hosts(page.rows)] for row in page.rows],
        "state": state,
        "states": [
            {"label": label, "url": f"?state={value}", "current": value == state}
            for value, label in MessageState.choices
        ],
        "channels": Channel.choices,
        "tones": TONES,
        "active": bool(request.GET.get("channel")),
        "failed": OutboxMessage.objects.filter(state=MessageState.FAILED).count(),
        "now": timezone.now(),
    }
    return render(request, "outbox/list.html", context)


@needs("outbox.replay")
@require_POST
def replay(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Gives one message that was given up another whole schedule, with the id it had."""
    message = get_object_or_404(OutboxMessage, pk=pk, state=MessageState.FAILED)
    now = timezone.now()
    with transaction.atomic():
        outbox.send_again([message.pk], now)
        note(person_of(request), "outbox.replayed", message, now)
    messages.success(request, _("It is tried again at once."))
    return redirect("outbox")


@needs("outbox.replay")
@require_POST
def replay_all(request: HttpRequest) -> HttpResponseBase:
    """Everything that was given up, oldest first, up to a thousand."""
    now = timezone.now()
    rows = list(
        OutboxMessage.objects.filter(state=MessageState.FAILED)
        .exclude(channel=Channel.IN_APP)
        .order_by("created_at")[:MOST_AT_ONCE]
    )
    with transaction.atomic():
        sent = outbox.send_again([row.pk for row in rows], now)
        if rows:
            note(person_of(request), "outbox.replayed", rows[0], now, after={"messages": sent})
    words = ngettext("%(n)s message is tried again.", "%(n)s messages are tried again.", sent) % {"n": sent}
    messages.success(request, words)
    return redirect("outbox")


def _chosen(request: HttpRequest, state: str) -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.filter(state=state)
    channel = request.GET.get("channel", "")
    return rows.filter(channel=channel) if channel in Channel.values else rows


def _hosts(rows: object) -> dict[str, str]:
    """The hosts of the chat channels on this page: their addresses are secrets. One query."""
    ids = [row.recipient for row in rows if row.channel == Channel.CHAT]  # type: ignore[attr-defined]
    return {str(one.pk): one.host for one in ChatEndpoint.objects.filter(pk__in=ids)}


def _recipient(row: OutboxMessage, hosts: dict[str, str]) -> str:
    """Who was to get it, as far as this page may show it: no addresses of persons."""
    if row.channel == Channel.CHAT:
        return hosts.get(row.recipient, _("a removed chat channel"))
    if row.channel == Channel.EMAIL:
        return "…@" + row.recipient.rpartition("@")[2]
    return _("a person") if row.channel == Channel.IN_APP else row.recipient or _("nobody")
