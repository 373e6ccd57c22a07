"""A person's word against a derived tier: with a reason and an end, never hidden, never a change of the score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from revops.foundation.models import User
from scoring.models import TierOverride

LONGEST = timedelta(days=90)
"""An exception that lasts longer is a rule; propose one."""


class OverrideRefused(Exception):
    """The override lacks what makes it accountable; the message says what."""


def grant_overrides(
    lead_ids: Sequence[UUID], tier: int, reason: str, author: User, expires_at: datetime, now: datetime
) -> list[TierOverride]:
    """Records that these leads are to be treated as `tier` until `expires_at`; an earlier override of theirs ends."""
    if not reason.strip():
        raise OverrideRefused(_("Say why the rules are wrong about this lead."))
    if expires_at <= now:
        raise OverrideRefused(_("An override ends in the future; choose a later time."))
    if expires_at > now + LONGEST:
        raise OverrideRefused(
            _("An override lasts at most %(n)d days. What lasts longer is a rule: propose one.") % {"n": LONGEST.days}
        )
    active_overrides(now).filter(lead_id__in=lead_ids).update(ended_at=now, settled_at=now)
    return TierOverride.objects.bulk_create(
        TierOverride(
            lead_id=lead_id, tier=tier, reason=reason.strip(), author=author, created_at=now, expires_at=expires_at
        )
        for lead_id in lead_ids
    )


def end_overrides(overrides: Sequence[TierOverride], now: datetime) -> int:
    """Ends overrides early; returns how many were still in force. Their leads are settled by `settle_overrides`."""
    ids = [override.pk for override in overrides]
    return active_overrides(now).filter(pk__in=ids).update(ended_at=now)


def settle_overrides(now: datetime, limit: int = 500) -> list[TierOverride]:
    """Overrides that ended or expired and whose leads nobody looked at since; each is answered once."""
    over = TierOverride.objects.filter(settled_at=None).filter(Q(expires_at__lte=now) | Q(ended_at__lte=now))
    rows = list(over.select_for_update(skip_locked=True, of=("self",)).order_by("expires_at")[:limit])
    TierOverride.objects.filter(pk__in=[row.pk for row in rows]).update(settled_at=now)
    return rows


def active_overrides(now: datetime) -> QuerySet[TierOverride]:
    """Those in force at `now`."""
    return TierOverride.objects.filter(created_at__lte=now, expires_at__gt=now, ended_at__isnull=True)


def newest_first() -> QuerySet[TierOverride]:
    """All overrides with their lead, its score and their author."""
    rows = TierOverride.objects.select_related("author", "lead__person", "lead__account", "lead__score")
    return rows.order_by("-created_at", "pk")
