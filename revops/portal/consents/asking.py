"""Somebody who must not be contacted asks for something: the portal does not answer, so a person is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage, Role, User

KIND = "person.asks_again"

_ASKED = """
SELECT lead.id, source.owner_id,
       COALESCE(NULLIF(concat_ws(' ', NULLIF(person.first_name, ''), NULLIF(person.last_name, '')), ''), person.email)
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS asked(lead_id, received_at)
  JOIN leads_lead lead ON lead.id = asked.lead_id
  JOIN leads_person person ON person.id = lead.person_id AND person.do_not_contact AND person.erased_at IS NULL
  JOIN leads_source source ON source.id = lead.source_id
 WHERE EXISTS (SELECT FROM leads_signal signal JOIN leads_signalkind kind ON kind.id = signal.kind_id
                WHERE signal.lead_id = lead.id AND signal.received_at >= asked.received_at
                  AND kind.strength = 'hand_raise')
 ORDER BY lead.id
"""


def of_those_who_ask_again(received: Mapping[UUID, datetime], now: datetime) -> list[OutboxMessage]:
    """Tells of leads that no rule lets through, whose person must not be contacted and raised a hand since `received`.

    The owner of the source hears of it, else the heads of marketing. One query if any lead is given, two if somebody
    asked through a source of nobody.
    """
    if not received:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [list(received), list(received.values())])
        asked = cursor.fetchall()
    heads: list[UUID] = []
    if any(owner_id is None for _lead_id, owner_id, _name in asked):
        heads = list(User.objects.filter(role=Role.MARKETING_MANAGER, is_active=True).values_list("pk", flat=True))
    text = _(
        "%(name)s must not be contacted, and asked for something. Find out what they want, and note their consent."
    )
    return [
        OutboxMessage(
            kind=KIND,
            subject_kind="lead",
            subject_id=lead_id,
            channel="in_app",
            recipient=str(recipient),
            created_at=now,
            payload={"text": text % {"name": name}, "url": f"/leads/{encode('lead', lead_id)}/"},
        )
        for lead_id, owner_id, name in asked
        for recipient in ([owner_id] if owner_id else heads)
    ]
