"""What routing must know about leads, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from sla.candidates import RouteRequest
from sla.routing.choosing import first_owners


def requests_of_leads(lead_ids: Sequence[UUID], *, at: datetime) -> list[RouteRequest]:
    """What `route_leads` asks about these leads, in the order given, at the instant `at`. Two queries.

    The hand-off is that which waits, else the lead itself stands in: nothing may be written about such a request.
    A lead that does not exist is left out. The tier is that of the hand-off, else the newest score, else 1.
    """
    if not lead_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, [list(lead_ids)])
        rows = cursor.fetchall()
    owners = first_owners([row[2] for row in rows if row[2] is not None], at=at)
    return [
        RouteRequest(
            lead_id=lead_id,
            handoff_id=handoff_id or lead_id,
            at=at,
            tier=tier,
            country=country,
            account_owner_id=account_owner_id,
            first_owner_id=owners.get(account_id) if account_id else None,
            account_id=account_id,
            employees=employees,
            source=source,
            industry=industry,
            language=language,
        )
        for (
            lead_id, handoff_id, account_id, tier, country, account_owner_id, employees, source, industry, language,
        ) in rows
    ]  # fmt: skip


_LEADS = """
SELECT lead.id, handoff.id, lead.account_id, COALESCE(handoff.tier, score.tier, 1),
       COALESCE(NULLIF(person.country, ''), account.country, ''), account.owner_id, account.employees, source.key,
       COALESCE(account.industry, ''), COALESCE(lead.attributes ->> 'language', '')
FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (lead_id, place)
JOIN leads_lead lead ON lead.id = asked.lead_id
JOIN leads_person person ON person.id = lead.person_id
JOIN leads_source source ON source.id = lead.source_id
LEFT JOIN leads_account account ON account.id = lead.account_id
LEFT JOIN sla_handoff handoff ON handoff.lead_id = lead.id AND handoff.state = 'open'
LEFT JOIN scoring_leadscore score ON score.lead_id = lead.id
ORDER BY asked.place
"""
