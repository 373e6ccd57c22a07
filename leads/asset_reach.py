"""Counts whom each content asset reached, from the addresses of acts; only what came since the last time is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from leads.models import Asset, AssetReach
from leads.url_patterns import addresses_of

OVERLAP = timedelta(minutes=30)
"""Acts are counted again if they came so shortly before: a long transaction shows its rows late. Twice does no harm."""


def count_reach(*, now: datetime) -> int:
    """Counts the acts received since each asset was counted last. Returns how many assets were looked at."""
    with transaction.atomic():
        assets = list(Asset.objects.select_for_update(skip_locked=True).filter(archived_at__isnull=True))
        by_start: dict[datetime | None, list[Asset]] = {}
        for asset in assets:
            by_start.setdefault(asset.counted_to, []).append(asset)
        for counted_to, group in by_start.items():
            _count(group, counted_to - OVERLAP if counted_to else None)
        Asset.objects.filter(pk__in=[asset.pk for asset in assets]).update(counted_to=now)
    return len(assets)


def forget_reach(asset: Asset) -> None:
    """Begins anew for an asset whose addresses changed; the next count reads everything."""
    AssetReach.objects.filter(asset=asset).delete()
    Asset.objects.filter(pk=asset.pk).update(counted_to=None)


def _count(assets: Sequence[Asset], since: datetime | None) -> None:
    pairs: list[tuple[UUID, str]] = []
    urls = _urls(since)
    for asset in assets:
        pairs += [(asset.pk, url) for url in addresses_of(urls, asset.url_patterns)]
    if not pairs:
        return
    ids, addresses = [pk for pk, _url in pairs], [url for _pk, url in pairs]
    with connection.cursor() as cursor:
        cursor.execute(_REACH, {"ids": ids, "urls": addresses, "since": since})


def _urls(since: datetime | None) -> list[str]:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"since": since}
        cursor.execute(
            "SELECT DISTINCT url FROM leads_signal WHERE url <> ''"
            " AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)",
            values,
        )
        return [url for (url,) in cursor.fetchall()]


_REACH = """
INSERT INTO leads_assetreach (asset_id, lead_id, first_at, last_at)
SELECT told.asset_id, signal.lead_id, min(signal.occurred_at), max(signal.occurred_at)
  FROM unnest(%(ids)s::uuid[], %(urls)s::text[]) AS told (asset_id, url)
  JOIN leads_signal signal ON signal.url = told.url
 WHERE %(since)s::timestamptz IS NULL OR signal.received_at >= %(since)s
 GROUP BY 1, 2
ON CONFLICT (asset_id, lead_id) DO UPDATE
   SET first_at = LEAST(leads_assetreach.first_at, EXCLUDED.first_at),
       last_at = GREATEST(leads_assetreach.last_at, EXCLUDED.last_at)
"""
