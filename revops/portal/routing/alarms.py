"""Tells managers of leads that nobody could take, once for each."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from revops.foundation import outbox
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage
from sla.alarms import claim_alarms, who_is_alarmed


@transaction.atomic
def raise_alarms(now: datetime) -> int:
    """Writes a notice for each manager about each lead that waits and was not announced yet. Answers how many leads."""
    waiting = claim_alarms(now=now)
    managers = who_is_alarmed() if waiting else []
    outbox.enqueue(
        OutboxMessage(
            kind="lead.unrouted",
            subject_kind="lead",
            subject_id=handoff.lead_id,
            channel="in_app",
            recipient=str(manager.pk),
            created_at=now,
            payload={
                "text": _("Nobody could take a lead: %(reason)s.") % {"reason": handoff.unrouted_reason},
                "url": "/routing/waiting/",
                "lead": encode("lead", handoff.lead_id),
            },
        )
        for handoff in waiting
        for manager in managers
    )
    return len(waiting)
