"""Whom a content asset attracts: role, size and industry of the leads it reached, and how sales answered them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from revops.foundation.statistics import Interval, is_too_few, wilson_interval

DECIDES = frozenset({"c_level", "vp", "director", "head"})
"""Seniorities that usually decide or sign."""

PARTS: dict[str, str] = {
    "seniority": "person.seniority",
    "purchasing_role": "person.purchasing_role",
    "size": "CASE WHEN account.employees IS NULL THEN '' WHEN account.employees < 50 THEN '1–49'"
    " WHEN account.employees < 200 THEN '50–199' WHEN account.employees < 1000 THEN '200–999' ELSE '1,000+' END",
    "industry": "COALESCE(account.industry, '')",
}
"""By what the reached can be split: name → column of person or account. Empty means not known."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Leads that an asset reached: how many, how many of them long ago, what sales answered to them."""

    value: str
    leads: int
    cold: int
    answered: int
    accepted: int

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.answered if self.answered else None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.accepted, self.answered)

    @property
    def too_few(self) -> bool:
        return is_too_few(self.answered)


def reached_by(part: str, asset_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, list[Reached]]:
    """For each asset the leads it reached, split by a part of PARTS, the largest first. Live leads only. One query."""
    if not asset_ids:
        return {}
    found: dict[UUID, list[Reached]] = {pk: [] for pk in asset_ids}
    with connection.cursor() as cursor:
        cursor.execute(_REACHED.replace("PART", PARTS[part]), {"assets": list(asset_ids), "now": now})
        for asset_id, *row in cursor.fetchall():
            found[asset_id].append(Reached(*row))
    return found


def together(rows: Sequence[Reached], value: str = "") -> Reached:
    """Several parts as one."""
    return Reached(
        value,
        sum(row.leads for row in rows),
        sum(row.cold for row in rows),
        sum(row.answered for row in rows),
        sum(row.accepted for row in rows),
    )


_REACHED = """
SELECT reach.asset_id, PART AS value, count(*),
       count(*) FILTER (WHERE reach.last_at < %(now)s - asset.cold_after_days * interval '1 day'),
       count(*) FILTER (WHERE answer.accepted OR answer.rejected), count(*) FILTER (WHERE answer.accepted)
  FROM leads_assetreach reach
  JOIN leads_asset asset ON asset.id = reach.asset_id
  JOIN leads_lead lead ON lead.id = reach.lead_id AND NOT lead.is_history AND lead.withdrawn_at IS NULL
  JOIN leads_person person ON person.id = lead.person_id
  LEFT JOIN leads_account account ON account.id = lead.account_id
  LEFT JOIN LATERAL (
       SELECT bool_or(handoff.state = 'accepted') AS accepted, bool_or(handoff.state = 'rejected') AS rejected
         FROM sla_handoff handoff WHERE handoff.lead_id = lead.id
  ) answer ON true
 WHERE reach.asset_id = ANY(%(assets)s)
 GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""
