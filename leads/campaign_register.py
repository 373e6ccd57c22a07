"""Describes campaigns and content assets, takes found ones up into others, and puts them into the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from leads.asset_reach import forget_reach
from leads.models import Asset, Campaign
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User

CAMPAIGN_FACTS = (
    "source_id", "key", "name", "kind", "owner_id", "starts_on", "ends_on", "budget_minor", "currency", "match", "note",
)  # fmt: skip
ASSET_FACTS = (
    "key", "name", "kind", "topic", "audience", "level", "url_patterns", "cold_after_days", "checks", "owner_id",
    "note",
)  # fmt: skip
_SNAPSHOT = ("source_id", "key", "name", "match", "described_at", "archived_at", "created_at")


class CannotTakeUp(Exception):
    """A found value cannot become part of that campaign; the words say why."""


def save_campaign(campaign: Campaign, *, by: User, now: datetime) -> list[dict[str, Any]]:
    """Saves what somebody says of a campaign. Returns its source's campaigns as they were, if their rules changed."""
    with transaction.atomic():
        before = list(Campaign.objects.select_for_update().filter(source_id=campaign.source_id))
        old = next((one for one in before if one.pk == campaign.pk), None)
        campaign.described_at = campaign.described_at or now
        campaign.save()
        action = "campaign.described" if old is None or old.described_at is None else "campaign.changed"
        _note(campaign, action, old, CAMPAIGN_FACTS, by, now)
        changed = old is None or old.match != campaign.match or old.described_at is None
        return snapshot_of(before) if changed else []


def take_up(found: Campaign, into: Campaign, *, by: User, now: datetime) -> list[dict[str, Any]]:
    """Makes a found utm_campaign value a rule of another campaign of its source. Returns the campaigns as they were."""
    if found.pk == into.pk or found.source_id != into.source_id:
        raise CannotTakeUp("Choose another campaign of the same source.")
    if found.described_at is not None:
        raise CannotTakeUp("This campaign was described; archive it instead.")
    if into.archived_at is not None:
        raise CannotTakeUp("This campaign is in the archive.")
    with transaction.atomic():
        before = list(Campaign.objects.select_for_update().filter(source_id=found.source_id))
        rule = {"utm_campaign": found.key}
        if rule not in into.match:
            into.match = [*into.match, rule]
        into.described_at = into.described_at or now
        into.save(update_fields=["match", "described_at"])
        found.archived_at = now
        found.save(update_fields=["archived_at"])
        old = next(one for one in before if one.pk == into.pk)
        _note(into, "campaign.took_up", old, CAMPAIGN_FACTS, by, now)
        return snapshot_of(before)


def archive(row: Campaign | Asset, *, is_archived: bool, by: User, now: datetime) -> None:
    """Puts something into the archive, or takes it out again. Its past stays in every number."""
    with transaction.atomic():
        row.archived_at = now if is_archived else None
        row.save(update_fields=["archived_at"])
        kind = "campaign" if isinstance(row, Campaign) else "asset"
        ledger.record([_entry(row, f"{kind}.{'archived' if is_archived else 'restored'}", by, now, None, {})])


def save_asset(asset: Asset, *, by: User, now: datetime) -> None:
    """Saves what somebody says about an asset; other addresses mean that it is counted anew."""
    with transaction.atomic():
        old = Asset.objects.select_for_update().filter(pk=asset.pk).first()
        asset.save()
        _note(asset, "asset.changed" if old else "asset.registered", old, ASSET_FACTS, by, now)
        if old is not None and old.url_patterns != asset.url_patterns:
            forget_reach(asset)


def snapshot_of(campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
    """Campaigns as they are now, to be kept with a job."""
    return [
        {"id": str(campaign.pk), **{name: _plain(getattr(campaign, name)) for name in _SNAPSHOT}}
        for campaign in campaigns
    ]


def from_snapshot(rows: Sequence[Mapping[str, Any]]) -> list[Campaign]:
    """Campaigns as they were."""
    return [Campaign(**{**row, "id": UUID(row["id"]), "source_id": UUID(row["source_id"])}) for row in rows]


def _note(
    row: models.Model, action: str, old: models.Model | None, fields: Sequence[str], by: User, now: datetime
) -> None:
    after = {name: _plain(getattr(row, name)) for name in fields}
    before = {name: _plain(getattr(old, name)) for name in fields} if old is not None else None
    if before is not None:
        same = {name for name in fields if before[name] == after[name]}
        before, after = ({n: v for n, v in side.items() if n not in same} for side in (before, after))
    ledger.record([_entry(row, action, by, now, before, after)])


def _entry(row: Any, action: str, by: User, now: datetime, before: Any, after: Any) -> LedgerEntry:
    return LedgerEntry(
        occurred_at=now, actor=by, action=action, subject_kind=str(row._meta.model_name), subject_id=row.pk,
        before=before or None, after=after or None,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)
