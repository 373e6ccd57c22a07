"""Saves how somebody is told, and their chat channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from revops.foundation import ledger
from revops.foundation.delivery import chat
from revops.foundation.ids import new_id
from revops.foundation.models import (
    PERSONAL_CHANNELS,
    Cadence,
    ChatEndpoint,
    LedgerEntry,
    NoticePreference,
    NoticeSetting,
    OutboxMessage,
    Team,
    User,
)
from revops.foundation.notice_kinds import default_cadence, kinds_for
from revops.foundation.outbox import enqueue


@transaction.atomic
def save_settings(
    user: User, chosen: Mapping[tuple[str, str], str], preference: Mapping[str, object], *, now: datetime
) -> None:
    """Keeps what differs from the role's defaults; what is not in the table, or locked, is left out."""
    wanted = [
        NoticeSetting(user=user, kind=kind.code, channel=channel, cadence=cadence)
        for kind in kinds_for(user.role)
        for channel in PERSONAL_CHANNELS
        if (cadence := chosen.get((kind.code, channel.value))) in Cadence.values
        and cadence != default_cadence(kind.code, channel, user.role)
        and not (kind.is_locked and channel == "in_app")
    ]
    User.objects.select_for_update().get(pk=user.pk)
    NoticeSetting.objects.filter(user=user).delete()
    NoticeSetting.objects.bulk_create(wanted)
    NoticePreference.objects.update_or_create(user=user, defaults={**preference, "updated_at": now})


@transaction.atomic
def save_chat(url: str, *, user: User | None, team: Team | None, by: User, now: datetime) -> ChatEndpoint:
    """Sets the chat channel of a person or team. Raises DeliveryRefused in words."""
    endpoint = chat.save_endpoint(url, user=user, team=team, now=now)
    _note(endpoint, "chat.saved", by, now)
    return endpoint


@transaction.atomic
def remove_chat(endpoint: ChatEndpoint, *, by: User, now: datetime) -> None:
    """Takes a chat channel away; what waits for it is withdrawn when its turn comes."""
    _note(endpoint, "chat.removed", by, now)
    endpoint.delete()


@transaction.atomic
def send_test(endpoint: ChatEndpoint, *, by: User, now: datetime) -> OutboxMessage:
    """Sends one message to a chat channel, by the same way as all others."""
    message = OutboxMessage(
        id=new_id(now), kind="chat.tested", subject_kind="chat", subject_id=endpoint.pk, channel="chat",
        recipient=str(endpoint.pk), created_at=now,
        payload={"text": _("This is a test from RevOps Portal. %(name)s asked for it.") % {"name": by.name},
                 "url": "/me/notifications/"},
    )  # fmt: skip
    enqueue([message])
    return message


def _note(endpoint: ChatEndpoint, action: str, by: User, now: datetime) -> None:
    after = {"host": endpoint.host, "team": str(endpoint.team_id) if endpoint.team_id else None}
    entry = LedgerEntry(
        occurred_at=now, actor=by, action=action, subject_kind="chat", subject_id=endpoint.pk, after=after
    )
    ledger.record([entry])
