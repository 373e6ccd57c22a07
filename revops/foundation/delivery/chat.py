"""Chat: a short JSON text to the incoming webhook of a person or a team, as Slack and its kin read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from revops.foundation.delivery.carriers import Carrier, DeliveryRefused, NobodyListens, Send, refusing
from revops.foundation.delivery.outward import check_address, post
from revops.foundation.models import ChatEndpoint, OutboxMessage, Team, User
from revops.foundation.sealing import SealBroken, seal, unseal

MOST_CHARACTERS = 3000


def prepare(messages: Sequence[OutboxMessage]) -> Mapping[UUID, Send]:
    """How each message is posted; the recipient is the id of an endpoint. One query."""
    wanted = [pk for pk in (_uuid(message.recipient) for message in messages) if pk is not None]
    endpoints = {str(endpoint.pk): endpoint for endpoint in ChatEndpoint.objects.filter(pk__in=wanted)}
    return {message.pk: _sender(message, endpoints.get(message.recipient)) for message in messages}


def save_endpoint(url: str, *, now: datetime, user: User | None = None, team: Team | None = None) -> ChatEndpoint:
    """The chat channel of a person or a team, new or changed; it works again if it was stopped.

    Raises DeliveryRefused in words if the address can never be posted to.
    """
    parts = check_address(url.strip())
    endpoint, _made = ChatEndpoint.objects.update_or_create(
        user=user,
        team=team,
        defaults={"sealed_url": seal(url.strip()), "host": parts.hostname or "", "disabled_at": None,
                  "disabled_because": ""},
        create_defaults={"sealed_url": seal(url.strip()), "host": parts.hostname or "", "created_at": now},
    )  # fmt: skip
    return endpoint


def text_of(payload: Mapping[str, Any]) -> str:
    """The words of a message with its link, in the few marks that chats understand."""
    text = _plain(str(payload.get("text", "")))
    url = payload.get("url", "")
    link = f"\n<{absolute(url)}|{_('Open in the portal')}>" if url else ""
    return text[: MOST_CHARACTERS - len(link)] + link


def absolute(url: str) -> str:
    """An address of the portal as somebody outside needs it."""
    return url if url.startswith(("https://", "http://")) else f"{settings.PUBLIC_URL}{url}"


def _sender(message: OutboxMessage, endpoint: ChatEndpoint | None) -> Send:
    if endpoint is None:
        return refusing(NobodyListens(_("This chat channel was removed.")))
    if endpoint.disabled_at is not None:
        return refusing(NobodyListens(_("This chat channel was stopped: %(why)s") % {"why": endpoint.disabled_because}))
    try:
        url = unseal(endpoint.sealed_url)
    except SealBroken as error:
        return refusing(DeliveryRefused(str(error)))
    body = json.dumps({"text": text_of(message.payload)}).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"RevOps-Portal/{settings.VERSION}",
        "Webhook-Id": f"msg_{message.pk}",  # the same on every retry
    }
    return lambda: _post(url, body, headers)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    post(url, body, headers)


def _gone(message: OutboxMessage, words: str, now: datetime) -> None:
    """The chat says that this channel no longer exists: nothing more is posted there until somebody enters it anew."""
    ChatEndpoint.objects.filter(pk=message.recipient, disabled_at=None).update(
        disabled_at=now, disabled_because=words[:200]
    )


def _plain(text: str) -> str:
    """Marks that chats read as commands are shown, not obeyed: nobody can be pinged by a lead's name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


CARRIER = Carrier(prepare, gone=_gone)
