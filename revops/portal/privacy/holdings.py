"""Everything that all floors hold of a person, in one list: what is shown, exported and erased follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from feedback.erasing import HOLDINGS as FEEDBACK
from leads.erasing import HOLDINGS as LEADS
from leads.subjects import find_subject
from revops.foundation.erasing import HOLDINGS as GROUND
from revops.foundation.erasing import Held, Subject, count_holdings
from scoring.erasing import HOLDINGS as SCORING
from sla.erasing import HOLDINGS as SLA

HOLDINGS = (*LEADS, *SCORING, *SLA, *FEEDBACK, *GROUND)


def subject_of(people: Iterable[UUID], said: str = "") -> Subject:
    """All that is these people's, with what happened to their leads on the upper floors. Six queries."""
    subject = find_subject(people, said)
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, {"leads": list(subject.leads)})
        return replace(subject, others=tuple(pk for (pk,) in cursor.fetchall()))


def held_of(subject: Subject, now: datetime) -> list[Held]:
    """How much is held, table by table; tables that hold nothing are left out. One query."""
    return [held for held in count_holdings(HOLDINGS, subject, now) if held.rows]


_OTHERS = """
SELECT id FROM sla_handoff WHERE lead_id = ANY(%(leads)s::uuid[])
UNION ALL SELECT id FROM sla_clock WHERE lead_id = ANY(%(leads)s::uuid[])
UNION ALL SELECT id FROM feedback_contest WHERE lead_id = ANY(%(leads)s::uuid[])
UNION ALL SELECT id FROM feedback_disposition WHERE lead_id = ANY(%(leads)s::uuid[])
"""
