"""Ends what still runs on a lead that was merged into another, and lets it run again when the merge is undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from sla.clocks import cancel_clocks_of_leads, refresh_deadlines, replace_clocks
from sla.models import Clock
from sla.routing import charge_turns_again, give_turns_back


def end_merged(lead_ids: Sequence[UUID], by_id: UUID | None, reason: str, *, now: datetime) -> list[UUID]:
    """Calls the clocks of these leads off, withdraws their open hand-offs and gives the turns back.

    `by_id` is None where nobody did it, but time. Also for leads whose person is erased.

    Whatever was late already stays late; nothing else becomes a breach. Answers with the hand-offs that were open.
    """
    cancel_clocks_of_leads(lead_ids, at=now, reason=reason)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_handoff SET state = 'withdrawn', answered_at = %s, answered_by_id = %s, version = version + 1"
            " WHERE lead_id = ANY(%s::uuid[]) AND state = 'open' RETURNING id",
            [now, by_id, list(lead_ids)],
        )
        ended = [row[0] for row in cursor.fetchall()]
    give_turns_back(ended, now=now)
    return ended


def resume_parted(handoff_ids: Sequence[UUID], lead_ids: Sequence[UUID], reason: str, *, now: datetime) -> None:
    """Opens hand-offs again that a merge had ended; clocks called off for `reason` run on with their old deadlines.

    A hand-off stays closed if its lead was handed off anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_handoff handoff SET state = 'open', answered_at = NULL, answered_by_id = NULL,"
            " version = version + 1 WHERE id = ANY(%s::uuid[]) AND state = 'withdrawn' AND NOT EXISTS ("
            " SELECT 1 FROM sla_handoff newer WHERE newer.lead_id = handoff.lead_id AND newer.number > handoff.number)"
            " RETURNING id",
            [list(handoff_ids)],
        )
        reopened = [row[0] for row in cursor.fetchall()]
    closed = Clock.objects.filter(lead_id__in=lead_ids, cancel_reason=reason, replaced_by__isnull=True)
    replace_clocks(list(closed.order_by("pk")), now=now)
    refresh_deadlines(reopened)
    charge_turns_again(reopened, now=now)
