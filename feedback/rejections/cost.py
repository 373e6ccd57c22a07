"""What rejected leads cost, as far as the spend of their sources is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from feedback.metrics import Period
from leads.money import units_of


@dataclass(frozen=True, slots=True)
class Cost:
    """What rejected and accepted leads cost, by the spend of their source in the month they came.

    A lead's share is the month's spend divided by the month's leads of the source. `known` rejections have one.
    """

    rejected: float
    accepted: float
    known: int
    accepted_known: int


def cost_of(period: Period) -> Cost:
    """The cost of the rejections and acceptances of the period, in the reporting currency. One query."""
    with connection.cursor() as cursor:
        currency = settings.REPORTING_CURRENCY
        values: dict[str, Any] = {
            "start": period.start,
            "end": period.end,
            "currency": currency,
            "units": units_of(currency),
        }
        cursor.execute(_COST, values)
        found = {kind: (float(amount), n) for kind, amount, n in cursor.fetchall()}
    lost, lost_known = found.get("rejected", (0.0, 0))
    won, won_known = found.get("accepted", (0.0, 0))
    return Cost(lost, won, lost_known, won_known)


_COST = """
WITH answers AS (
    SELECT answer.kind, lead.source_id, date_trunc('month', lead.received_at AT TIME ZONE 'UTC')::date AS month_on
    FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id
    WHERE answer.kind IN ('accepted', 'rejected') AND NOT answer.is_history
      AND answer.decided_at >= %(start)s AND answer.decided_at < %(end)s
      AND NOT lead.is_history AND lead.withdrawn_at IS NULL
      AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id)
), months AS (
    SELECT spend.source_id, spend.month_on, spend.amount / NULLIF((
        SELECT count(*) FROM leads_lead lead
        WHERE lead.source_id = spend.source_id AND NOT lead.is_history AND lead.withdrawn_at IS NULL
          AND lead.received_at >= spend.month_on::timestamp AT TIME ZONE 'UTC'
          AND lead.received_at < (spend.month_on + interval '1 month')::timestamp AT TIME ZONE 'UTC'), 0) AS a_lead
    FROM (SELECT source_id, month_on, sum(amount_minor) / %(units)s::numeric AS amount FROM leads_spend
          WHERE currency = %(currency)s GROUP BY 1, 2) spend
    WHERE (spend.source_id, spend.month_on) IN (SELECT source_id, month_on FROM answers)
)
SELECT answers.kind, COALESCE(sum(months.a_lead), 0), count(months.a_lead)
FROM answers JOIN months USING (source_id, month_on) GROUP BY answers.kind
"""
