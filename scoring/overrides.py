"""A person's word against a derived tier: with a reason and an end, never hidden, never a change of the score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from revops.foundation.models import User
from scoring.models import TierOverride


class OverrideRefused(Exception):
    """The override lacks what makes it accountable; the message says what."""


def grant_overrides(
    lead_ids: Sequence[UUID], tier: int, reason: str, author: User, expires_at: datetime, now: datetime
) -> list[TierOverride]:
    """Records that these leads are to be treated as `tier` until `expires_at`."""
    if not reason.strip():
        raise OverrideRefused(_("Say why the rules are wrong about this lead."))
    if expires_at <= now:
        raise OverrideRefused(_("An override ends in the future; choose a later time."))
    return TierOverride.objects.bulk_create(
        TierOverride(
            lead_id=lead_id, tier=tier, reason=reason.strip(), author=author, created_at=now, expires_at=expires_at
        )
        for lead_id in lead_ids
    )


def end_overrides(overrides: Sequence[TierOverride], now: datetime) -> int:
    """Ends overrides early; returns how many were still in force."""
    ids = [override.pk for override in overrides]
    return active_overrides(now).filter(pk__in=ids).update(ended_at=now)


def active_overrides(now: datetime) -> QuerySet[TierOverride]:
    """Those in force at `now`."""
    return TierOverride.objects.filter(created_at__lte=now, expires_at__gt=now, ended_at__isnull=True)
