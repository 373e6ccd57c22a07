"""Finds the campaign behind UTM values, keeps every touch, and resolves them anew when the rules change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from leads.models import Campaign, Touch
from leads.utm_rules import closeness
from revops.foundation.bulk import insert_values
from revops.foundation.reading import rows_where


class Came(NamedTuple):
    """How somebody came: the campaign their sender names (or empty), and their UTM values."""

    source_id: UUID
    key: str
    utm: Mapping[str, str]


def find_campaigns(came: Sequence[Came], *, now: datetime) -> list[Campaign | None]:
    """The campaign of each, in order; what nobody registered becomes one. Two queries at most, three for new values."""
    if not any(one.key or one.utm for one in came):
        return [None] * len(came)
    book = _Book(_campaigns_of(came))
    missing = sorted({(one.source_id, one.key) for one in came if one.key and book.find(one) is None})
    if missing:
        new = [Campaign(source_id=source, key=key, name=key, created_at=now) for source, key in missing]
        Campaign.objects.bulk_create(new, ignore_conflicts=True)
        book = _Book(_campaigns_of(came))
    return [book.find(one) for one in came]


def _campaigns_of(came: Sequence[Came]) -> list[Campaign]:
    sources = list({one.source_id for one in came})
    keys = list({one.key for one in came if one.key})
    return rows_where(Campaign, "source_id = ANY(%s) AND (key = ANY(%s) OR match <> '[]')", [sources, keys])


class _Book:
    """Campaigns, to be asked. A described one with this very key comes first, then the closest rule, then the key."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self._by_key = {(campaign.source_id, campaign.key): campaign for campaign in campaigns}
        self._with_rules = [campaign for campaign in campaigns if campaign.match and campaign.archived_at is None]

    def find(self, came: Came) -> Campaign | None:
        exact = self._by_key.get((came.source_id, came.key)) if came.key else None
        if exact is not None and exact.described_at is not None:
            return exact
        return self._by_rule(came) or exact

    def _by_rule(self, came: Came) -> Campaign | None:
        utm = came.utm if not came.key or came.utm.get("utm_campaign") else {**came.utm, "utm_campaign": came.key}
        fitting = [
            (fit, str(campaign.pk), campaign)
            for campaign in self._with_rules
            if campaign.source_id == came.source_id and (fit := closeness(campaign.match, utm))
        ]
        return max(fitting, key=lambda entry: entry[:2])[2] if fitting else None


class NewTouch(NamedTuple):
    """The UTM values by which one submission of a lead came. `touched_at` is None for undated history."""

    lead_id: UUID
    source_id: UUID
    campaign_id: UUID | None
    submission_id: UUID
    touched_at: datetime | None
    utm: Mapping[str, str]


def keep_touches(touches: Sequence[NewTouch]) -> None:
    """Writes down by which UTM values leads came. One query, or none if nobody carried any."""
    insert_values(
        Touch,
        [
            {
                "lead_id": touch.lead_id,
                "source_id": touch.source_id,
                "campaign_id": touch.campaign_id,
                "submission_id": touch.submission_id,
                "touched_at": touch.touched_at,
                "utm": dict(touch.utm),
            }
            for touch in touches
        ],
    )


def resolve_again(source_id: UUID, before: Sequence[Campaign]) -> int:
    """Gives the touches and leads of a source the campaigns that its rules say now. Returns how many leads moved.

    `before` are its campaigns as they were: what did not follow from them was said by a sender, and stays.
    """
    after = list(Campaign.objects.filter(source_id=source_id))
    old, new = _Book(before), _Book(after)
    changes: list[tuple[str, UUID | None, UUID | None]] = []
    for utm, campaign_id in _touched_by(source_id):
        came = Came(source_id, utm.get("utm_campaign", "")[:120], utm)
        was, becomes = old.find(came), new.find(came)
        follows = campaign_id is None or (was is not None and was.pk == campaign_id)
        if follows and (becomes.pk if becomes else None) != campaign_id:
            changes.append((json.dumps(utm), campaign_id, becomes.pk if becomes else None))
    return _move(source_id, changes) if changes else 0


def _touched_by(source_id: UUID) -> list[tuple[dict[str, str], UUID | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT utm::text, campaign_id FROM leads_touch WHERE source_id = %s", [source_id])
        return [(json.loads(utm), campaign_id) for utm, campaign_id in cursor.fetchall()]


def _move(source_id: UUID, changes: Sequence[tuple[str, UUID | None, UUID | None]]) -> int:
    columns: list[Any] = [[change[place] for change in changes] for place in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TOUCHES, [*columns, source_id])
        cursor.execute(_MOVE_LEADS, [*columns, source_id])
        return cursor.rowcount


_TOLD = """
FROM (SELECT unnest(%s::text[])::jsonb AS utm, unnest(%s::uuid[]) AS was, unnest(%s::uuid[]) AS becomes) told
WHERE row.source_id = %s AND row.campaign_id IS NOT DISTINCT FROM told.was AND told.utm =
"""
_MOVE_TOUCHES = f"UPDATE leads_touch AS row SET campaign_id = told.becomes {_TOLD} row.utm"  # noqa: S608 - constants
_MOVE_LEADS = f"""UPDATE leads_lead AS row SET campaign_id = told.becomes, version = row.version + 1
{_TOLD} row.first_touch"""  # noqa: S608 - constants
