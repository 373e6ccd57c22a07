"""Leads offered to whoever takes them first, and taking the next one. Two people never get the same lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_ids
from sla.handoffs.waiting import reassign_handoffs
from sla.models import HandOff, PoolOffer, RepProfile

AT_THE_FRONT = 100
"""Among so many who wait longest one is nearly always free; the others are looked at only if none is."""
TAKEN_REASON = "Took the next lead of the pool"


class NotInRouting(ValueError):
    """Only somebody with working hours can take leads; the message says so."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A lead somebody took, and who had it before (None: nobody)."""

    handoff_id: UUID
    lead_id: UUID
    from_user_id: UUID | None


def offer_handoffs(handoff_ids: Sequence[UUID], *, reason: str, now: datetime) -> list[UUID]:
    """Offers open hand-offs to others; their owner can still answer. Returns the ids of those newly offered.

    An earlier offer that lapsed, because the lead changed hands since, makes room for the new one. Three queries.
    """
    if not handoff_ids:
        return []
    handoffs = list(HandOff.objects.open().filter(pk__in=handoff_ids).order_by("pk").select_for_update(of=("self",)))
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_OFFERS, [[handoff.pk for handoff in handoffs]] * 2)
        offered = {row[0] for row in cursor.fetchall()}
    fresh = [handoff for handoff in handoffs if handoff.pk not in offered]
    insert_rows(
        PoolOffer,
        [
            PoolOffer(id=pk, handoff=handoff, from_user_id=handoff.owner_id, reason=reason[:200], offered_at=now)
            for handoff, pk in zip(fresh, new_ids(len(fresh), now), strict=True)
        ],
    )
    return [handoff.pk for handoff in fresh]


def waiting_in_pool(user_id: UUID) -> int:
    """How many leads this person could take now: offered by others, or without anybody. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [user_id])
        return int(cursor.fetchone()[0])


def take_next(user_id: UUID, *, now: datetime) -> Taken | None:
    """Gives this person the most urgent lead of the pool; None if there is none. Call it in a transaction.

    Most urgent in the order of queues. Rows that somebody else is taking at this moment are skipped, never waited for.
    Costs by the offers, not by how many have nobody. Raises NotInRouting.
    """
    if not RepProfile.objects.filter(user=user_id, user__is_active=True).exists():
        raise NotInRouting("You take leads once you have working hours. Ask whoever manages people to set them.")
    with connection.cursor() as cursor:
        for statement in (_NEXT, _NEXT_OF_ALL):
            cursor.execute(statement, [user_id])
            if row := cursor.fetchone():
                break
    if row is None:
        return None
    handoff_id, lead_id, owner_id = row
    PoolOffer.objects.filter(handoff=handoff_id, taken_at__isnull=True).update(taken_at=now, taken_by=user_id)
    reassign_handoffs([handoff_id], user_id, by_id=user_id, reason=TAKEN_REASON, now=now)
    return Taken(handoff_id, lead_id, owner_id)


_OFFERED = "SELECT handoff_id FROM sla_pooloffer WHERE taken_at IS NULL"
_NOBODYS = "SELECT id FROM sla_handoff WHERE state = 'open' AND owner_id IS NULL"
_ALL = f"{_OFFERED} UNION ALL {_NOBODYS}"
# The owner, although it is nobody each time, is what makes the server read the index of queues in its order.
_FRONT = f"""
    (SELECT id FROM sla_handoff WHERE state = 'open' AND id IN ({_OFFERED})
     ORDER BY due_at, tier, priority DESC, id LIMIT {AT_THE_FRONT})
    UNION ALL ({_NOBODYS} ORDER BY owner_id, due_at, tier, priority DESC, id LIMIT {AT_THE_FRONT})"""  # noqa: S608 - constants
_FREE = """
SELECT handoff.id, handoff.lead_id, handoff.owner_id
FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE handoff.state = 'open' AND lead.withdrawn_at IS NULL AND handoff.owner_id IS DISTINCT FROM %s
AND handoff.id IN ({among})
AND (handoff.owner_id IS NULL OR EXISTS (
    SELECT 1 FROM sla_pooloffer offer
    WHERE offer.handoff_id = handoff.id AND offer.taken_at IS NULL AND offer.from_user_id = handoff.owner_id))
"""
_FIRST_FREE = f"""{_FREE}
ORDER BY handoff.due_at, handoff.tier, handoff.priority DESC, handoff.id
LIMIT 1 FOR UPDATE OF lead, handoff SKIP LOCKED"""
_COUNT = f"SELECT count(*) FROM ({_FREE.format(among=_ALL)}) free"  # noqa: S608 - a constant
_NEXT = _FIRST_FREE.format(among=_FRONT)
_NEXT_OF_ALL = _FIRST_FREE.format(among=_ALL)
_OPEN_OFFERS = """
WITH lapsed AS (
    DELETE FROM sla_pooloffer offer USING sla_handoff handoff
    WHERE handoff.id = offer.handoff_id AND handoff.id = ANY(%s) AND offer.taken_at IS NULL
    AND offer.from_user_id IS DISTINCT FROM handoff.owner_id
    RETURNING offer.id)
SELECT offer.handoff_id FROM sla_pooloffer offer JOIN sla_handoff handoff ON handoff.id = offer.handoff_id
WHERE handoff.id = ANY(%s) AND offer.taken_at IS NULL AND offer.from_user_id IS NOT DISTINCT FROM handoff.owner_id
"""
