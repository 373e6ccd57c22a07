"""Count clauses of the agreement whose promise is kept or broken lead by lead: one query each, like a metric."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from feedback.metrics.measuring import as_subquery
from feedback.metrics.periods import Week
from leads.models import Lead

_LIVE = "NOT lead.is_history AND lead.withdrawn_at IS NULL"
_REJECTIONS = (
    "FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id"
    " WHERE answer.kind = 'rejected' AND NOT answer.is_history"
    " AND answer.decided_at >= %(start)s AND answer.decided_at < %(end)s"
    f" AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id) AND {_LIVE}"
)
_TOUCHED = (
    "EXISTS (SELECT FROM leads_attempt attempt WHERE attempt.lead_id = lead.id"
    " AND attempt.occurred_at >= {since} AND attempt.occurred_at < %(as_of)s)"
)

COUNTED: dict[str, str] = {
    # Accepted hand-offs of the week: followed up by an attempt, at the latest a day after the answer.
    "follow_up": (
        f"SELECT lead.id AS lead_id, CASE WHEN {_TOUCHED.format(since='handoff.handed_off_at')} THEN 'kept'"
        " WHEN handoff.answered_at + interval '24 hours' > %(as_of)s THEN 'pending' ELSE 'late' END AS verdict"
        " FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id"
        " WHERE handoff.state = 'accepted' AND handoff.answered_at >= %(start)s AND handoff.answered_at < %(end)s"
        f" AND {_LIVE}"
    ),
    # Rejections of the week for no response: six attempts on two channels came before.
    "attempts": (
        "SELECT lead.id AS lead_id, CASE WHEN (SELECT count(*) >= 6 AND count(DISTINCT attempt.channel) >= 2"
        " FROM leads_attempt attempt WHERE attempt.lead_id = lead.id AND attempt.occurred_at <= answer.decided_at)"
        f" THEN 'kept' ELSE 'late' END AS verdict {_REJECTIONS} AND answer.reason_id = 'no_response'"
    ),
    # Rejections of the week: a reason and its evidence.
    "specific_reason": (
        "SELECT lead.id AS lead_id, CASE WHEN answer.reason_id IS NOT NULL AND answer.evidence <> '' THEN 'kept'"
        f" ELSE 'late' END AS verdict {_REJECTIONS}"
    ),
    # Leads accepted in the four weeks before this one that stand at accepted: something was written down in a week.
    "outcome_updates": (
        f"SELECT lead.id AS lead_id, CASE WHEN {_TOUCHED.format(since='%(as_of)s::timestamptz - %(fresh)s')}"
        " OR EXISTS (SELECT FROM feedback_outcome outcome WHERE outcome.lead_id = lead.id"
        " AND outcome.recorded_at >= %(as_of)s::timestamptz - %(fresh)s AND outcome.recorded_at < %(as_of)s)"
        " THEN 'kept' ELSE 'late' END AS verdict"
        " FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id"
        " WHERE handoff.state = 'accepted' AND lead.stage = 'accepted'"
        " AND handoff.answered_at >= %(start)s::timestamptz - interval '28 days' AND handoff.answered_at < %(start)s"
        f" AND {_LIVE}"
    ),
}
"""By code of the clause: rows of (lead_id, verdict), the verdict being kept, late or pending."""


def count_promises(codes: set[str], week: Week, now: datetime) -> dict[str, dict[str, int]]:
    """{code: {verdict: how many}} of all count clauses in one query."""
    wanted = [code for code in COUNTED if code in codes]
    if not wanted:
        return {}
    union = " UNION ALL ".join(f"SELECT '{code}' AS code, fact.verdict FROM ({COUNTED[code]}) fact" for code in wanted)
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code, verdict, count(*) FROM ({union}) facts GROUP BY 1, 2", _parameters(week, now))
        for code, verdict, n in cursor.fetchall():
            found.setdefault(code, {})[verdict] = n
    return found


def leads_of_promise(code: str, week: Week, now: datetime, verdict: str = "") -> QuerySet[Lead]:
    """The leads behind a count clause's number; `verdict` is kept, late, pending or empty for all."""
    where = " WHERE fact.verdict = %(verdict)s" if verdict else ""
    sql = f"SELECT fact.lead_id FROM ({COUNTED[code]}) fact{where}"
    return Lead.objects.filter(pk__in=as_subquery(sql, {**_parameters(week, now), "verdict": verdict}))


def _parameters(week: Week, now: datetime) -> dict[str, Any]:
    as_of = min(now, week.end)
    return {"start": week.start, "end": week.end, "as_of": as_of, "fresh": timedelta(days=7)}
