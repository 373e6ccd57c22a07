"""Hand-offs that nobody has: which of them managers were not told of yet, and who is told."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from revops.foundation.models import Role, User
from sla.models import HandOff


def claim_alarms(*, now: datetime) -> list[HandOff]:
    """Hand-offs that wait and that nobody was told of; told from now on. Two schedulers claim each once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_handoff SET alarmed_at = %s WHERE id IN ("
            " SELECT id FROM sla_handoff WHERE state = 'open' AND owner_id IS NULL AND alarmed_at IS NULL"
            " ORDER BY id FOR UPDATE SKIP LOCKED) RETURNING id",
            [now],
        )
        claimed = [row[0] for row in cursor.fetchall()]
    return (
        list(HandOff.objects.filter(pk__in=claimed).select_related("lead__account", "lead__person")) if claimed else []
    )


def who_is_alarmed() -> list[User]:
    """Every active sales manager; the admins where there is none."""
    active = User.objects.filter(is_active=True)
    return list(active.filter(role=Role.SALES_MANAGER)) or list(active.filter(role=Role.ADMIN))
