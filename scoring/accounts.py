"""What rules ask about a lead's account: its other leads, what colleagues did, and whom a new act concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from revops.foundation.arrays import array_of
from scoring.engine.compiled import CompiledRulebook
from scoring.engine.frame import ActRow

ACCOUNT_FACTS = ("account.people", "account.has_opportunity", "account.is_customer")
"""Facts about an account's other leads; they take a query of their own, which is run only if a rule asks for them."""

_FACTS = """
SELECT 1 + count(DISTINCT other.person_id) FILTER (WHERE other.person_id <> own.person_id),
       coalesce(bool_or(stage.now = 'opportunity'), false),
       coalesce(bool_or(stage.was_won), false)
  FROM unnest(%s::int[], %s::uuid[], %s::timestamptz[]) AS asked(place, lead_id, as_of)
  JOIN leads_lead own ON own.id = asked.lead_id
  LEFT JOIN leads_lead other ON other.account_id = own.account_id AND other.id <> own.id
       AND other.withdrawn_at IS NULL AND (other.occurred_at <= asked.as_of OR other.occurred_at IS NULL)
  LEFT JOIN LATERAL (
       SELECT (array_agg(event.to_stage ORDER BY event.id DESC))[1] AS now, bool_or(event.to_stage = 'won') AS was_won
         FROM leads_lifecycleevent event
        WHERE event.lead_id = other.id AND (event.occurred_at <= asked.as_of OR event.occurred_at IS NULL)) stage
       ON other.id IS NOT NULL
 GROUP BY asked.place
 ORDER BY asked.place
"""
_COLLEAGUES = """
SELECT place, code, topic, day, quantity, largest, total,
       dense_rank() OVER (PARTITION BY place ORDER BY person_id)
  FROM (SELECT asked.place, kind.code, signal.topic, signal.person_id,
               (signal.occurred_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS day,
               sum(signal.quantity)::bigint AS quantity, max(signal.value) AS largest,
               sum(signal.value)::bigint AS total
          FROM unnest(%s::int[], %s::uuid[], %s::timestamptz[]) AS asked(place, lead_id, as_of)
          JOIN leads_lead own ON own.id = asked.lead_id
          JOIN leads_lead other ON other.account_id = own.account_id AND other.person_id <> own.person_id
               AND other.withdrawn_at IS NULL
          JOIN leads_signal signal ON signal.lead_id = other.id
               AND (signal.occurred_at <= asked.as_of OR signal.occurred_at IS NULL)
          JOIN leads_signalkind kind ON kind.id = signal.kind_id AND kind.code = ANY(%s)
         GROUP BY 1, 2, 3, 4, 5) acts
 ORDER BY place, day NULLS FIRST, code, topic, person_id
"""
_MARK = """
INSERT INTO scoring_accountmark (account_id)
SELECT DISTINCT own.account_id
  FROM leads_lead own
 WHERE own.id = ANY(%s::uuid[]) AND own.account_id IS NOT NULL
       AND EXISTS (SELECT 1 FROM leads_lead other WHERE other.account_id = own.account_id AND other.id <> own.id)
"""
_SETTLE = """
WITH taken AS (
     DELETE FROM scoring_accountmark
      WHERE id IN (SELECT id FROM scoring_accountmark ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
     RETURNING account_id),
 concerned AS (
     SELECT score.lead_id
       FROM scoring_leadscore score
       JOIN leads_lead lead ON lead.id = score.lead_id
      WHERE lead.account_id IN (SELECT account_id FROM taken)
      ORDER BY score.lead_id
        FOR UPDATE OF score)
UPDATE scoring_leadscore score SET reevaluate_at = %s
  FROM concerned WHERE concerned.lead_id = score.lead_id
"""
_MARKS_AT_ONCE = 1_000


def asks_about_accounts(compiled: CompiledRulebook) -> bool:
    """Whether what happens to one lead of an account may change another."""
    return bool(compiled.account_kinds) or any(name in compiled.attributes for name in ACCOUNT_FACTS)


def account_facts(lead_ids: Sequence[UUID], as_of: Sequence[datetime]) -> dict[str, list[Any]]:
    """The columns of `ACCOUNT_FACTS`, one value per lead, as the account's other leads stood at `as_of`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [array_of(range(len(lead_ids))), array_of(lead_ids), array_of(as_of)])
        rows = cursor.fetchall()
    return {name: [row[index] for row in rows] for index, name in enumerate(ACCOUNT_FACTS)}


def colleagues_acts(lead_ids: Sequence[UUID], as_of: Sequence[datetime], kinds: Sequence[str]) -> list[ActRow]:
    """Acts of other people at each lead's account up to `as_of`; people are numbered from 1. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COLLEAGUES, [array_of(range(len(lead_ids))), array_of(lead_ids), array_of(as_of), list(kinds)])
        return list(cursor.fetchall())


def mark_accounts(lead_ids: Sequence[UUID]) -> None:
    """Notes that something happened at the accounts of these leads. One statement; marks are only ever added here.

    The sweep looks at their other leads: doing it at once would lock leads against the order of locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [array_of(lead_ids)])


def settle_accounts(now: datetime) -> int:
    """Makes the leads of marked accounts due for another look. Returns how many. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [_MARKS_AT_ONCE, now])
        return cursor.rowcount
