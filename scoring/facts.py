"""Collects what a rulebook asks about leads, in two queries however many leads there are, or four with accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from revops.foundation.arrays import array_of
from scoring.accounts import ACCOUNT_FACTS, account_facts, colleagues_acts
from scoring.engine.compiled import CompiledRulebook
from scoring.engine.frame import ActRow, FactFrame, day_of, frame_of_columns

_LEADS = """
SELECT lead.id, lead.person_id, lead.is_history, lead.rejections, lead.need <> '' AS need, lead.attributes,
       person.title, person.seniority, person.function, person.purchasing_role, person.country, person.flags,
       person.do_not_contact, person.email IS NOT NULL, person.phone IS NOT NULL,
       lead.account_id IS NOT NULL, account.industry, account.employees, account.country,
       source.key, source.kind, person.also
  FROM leads_lead lead
  JOIN leads_person person ON person.id = lead.person_id
  JOIN leads_source source ON source.id = lead.source_id
  LEFT JOIN leads_account account ON account.id = lead.account_id
 WHERE lead.id = ANY(%s::uuid[])
 ORDER BY lead.id
"""
_ACTS = """
SELECT asked.lead, kind.code, signal.topic, (signal.occurred_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01',
       sum(signal.quantity)::bigint, max(signal.value), sum(signal.value)::bigint
  FROM unnest(%s::int[], %s::uuid[], %s::timestamptz[]) AS asked(lead, person_id, as_of)
  CROSS JOIN LATERAL (
       SELECT kind_id, lead_id, topic, occurred_at, quantity, value FROM leads_signal
        WHERE person_id = asked.person_id AND (occurred_at <= asked.as_of OR occurred_at IS NULL)
       OFFSET 0
  ) signal
  JOIN leads_signalkind kind ON kind.id = signal.kind_id AND kind.code = ANY(%s)
  JOIN leads_lead lead ON lead.id = signal.lead_id AND (lead.withdrawn_at IS NULL OR lead.merged_into_id IS NOT NULL)
 GROUP BY 1, 2, 3, 4
 ORDER BY 1, 4 NULLS FIRST, 2, 3
"""
"""`OFFSET 0` holds the planner to one look-up a person: without statistics it read all acts there are."""


class LoadedFacts(NamedTuple):
    """`lead_ids` names the rows of `frame`; leads that do not exist are left out."""

    lead_ids: list[UUID]
    is_history: list[bool]
    as_of: list[datetime]
    frame: FactFrame


class _Row(NamedTuple):
    lead_id: UUID
    person_id: UUID
    is_history: bool
    rejections: int
    has_need: bool
    attributes: Any
    title: str
    seniority: str
    function: str
    purchasing_role: str
    person_country: str
    flags: list[str]
    do_not_contact: bool
    has_email: bool
    has_phone: bool
    has_account: bool
    industry: str | None
    employees: int | None
    account_country: str | None
    source_key: str
    source_kind: str
    also: list[UUID]


def load_facts(
    lead_ids: Sequence[UUID],
    compiled: CompiledRulebook,
    *,
    as_of: Mapping[UUID, datetime],
    now: datetime,
    lock: bool = False,
) -> LoadedFacts:
    """What the rulebook asks about these leads, as it stood at `as_of` (else `now`). Two to four queries.

    Acts are those of the lead's person and of whoever was merged into them, whichever lead they came with, counted per
    UTC day; acts after `as_of` and acts of withdrawn leads are left out. Columns of person and account are as they are
    now. `lock` holds the leads in the order of their ids until the transaction ends, so that two qualifications of one
    lead follow one another.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEADS + (" FOR NO KEY UPDATE OF lead" if lock else ""), [array_of(lead_ids)])
        rows = [_Row(*row) for row in cursor.fetchall()]
        instants = [as_of.get(row.lead_id, now) for row in rows]
        acts: list[ActRow] = []
        if rows and compiled.signal_kinds:
            pairs = [(at, who) for at, row in enumerate(rows) for who in (row.person_id, *row.also)]
            places, people = [at for at, _ in pairs], [who for _, who in pairs]
            since = [instants[at] for at in places]
            cursor.execute(_ACTS, [array_of(places), array_of(people), array_of(since), list(compiled.signal_kinds)])
            acts = [
                (lead, kind, topic, day, count, value, total, 0)
                for lead, kind, topic, day, count, value, total in cursor.fetchall()
            ]
    lead_ids = [row.lead_id for row in rows]
    readable = [row._replace(attributes=_object(row.attributes)) for row in rows]
    columns: dict[str, Sequence[Any]] = {
        name: [_READERS[name](row) for row in readable] for name in compiled.attributes if name in _READERS
    }
    if rows and (asked := [name for name in compiled.attributes if name in ACCOUNT_FACTS]):
        found = account_facts(lead_ids, instants)
        columns |= {name: found[name] for name in asked}
    colleagues = colleagues_acts(lead_ids, instants, compiled.account_kinds) if rows and compiled.account_kinds else []
    return LoadedFacts(
        lead_ids=lead_ids,
        is_history=[row.is_history for row in rows],
        as_of=instants,
        frame=frame_of_columns([day_of(instant.date()) for instant in instants], columns, acts, colleagues),
    )


def _object(attributes: Any) -> Mapping[str, Any]:
    if isinstance(attributes, str | bytes):
        attributes = orjson.loads(attributes)
    return attributes if isinstance(attributes, dict) else {}


def _text(name: str) -> Callable[[_Row], str]:
    return lambda row: str(row.attributes.get(name) or "").strip()


def _date(name: str) -> Callable[[_Row], date | None]:
    def read(row: _Row) -> date | None:
        try:
            return date.fromisoformat(str(row.attributes.get(name) or "")[:10])
        except ValueError:
            return None

    return read


def _employees(row: _Row) -> int | None:
    """The account's, else the first number of a stated company size such as “51-200”."""
    if row.employees is not None:
        return row.employees
    stated = str(row.attributes.get("company_size") or "").replace(",", "").replace(".", "")
    digits = "".join(stated.partition("-")[0].split())[:8]
    return int(digits) if digits.isdecimal() else None


_READERS: dict[str, Callable[[_Row], Any]] = {
    "person.title": lambda row: row.title,
    "person.seniority": lambda row: row.seniority,
    "person.function": lambda row: row.function,
    "person.purchasing_role": lambda row: row.purchasing_role,
    "person.country": lambda row: row.person_country,
    "person.has_email": lambda row: row.has_email,
    "person.has_phone": lambda row: row.has_phone,
    "person.is_free_mail": lambda row: "free_mail" in row.flags,
    "person.is_role_account": lambda row: "role_account" in row.flags,
    "person.do_not_contact": lambda row: row.do_not_contact,
    "account.industry": lambda row: row.industry or _text("industry")(row),
    "account.employees": _employees,
    "account.country": lambda row: row.account_country or "",
    "account.is_known": lambda row: row.has_account,
    "lead.country": lambda row: row.person_country or row.account_country or "",
    "lead.need": lambda row: row.has_need,
    "lead.rejections": lambda row: row.rejections,
    "lead.use_case": _text("use_case"),
    "lead.trigger_event": _text("trigger_event"),
    "lead.timeline_on": _date("timeline_on"),
    "lead.contract_end_on": _date("contract_end_on"),
    "lead.budget_on": _date("budget_on"),
    "source.key": lambda row: row.source_key,
    "source.kind": lambda row: row.source_kind,
}
"""How each of `ATTRIBUTES` but those of `ACCOUNT_FACTS` is read; a test keeps the lists equal."""
