"""Questions across the tables of the ground floor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True, slots=True)
class Balance:
    """What one source sent on one day (UTC) and what became of it. Every number is counted on its own."""

    day: date
    source_key: str
    source_name: str
    received: int
    new: int
    attached: int
    quarantined: int
    refused: int
    withdrawn: int
    pending: int

    @property
    def missing(self) -> int:
        """Submissions without any outcome, or with two; 0 if the equation balances."""
        accounted = self.new + self.attached + self.quarantined + self.refused + self.withdrawn + self.pending
        return self.received - accounted


def conservation(day_from: date, day_to: date) -> list[Balance]:
    """The conservation equation per day and source, both days included.

    received = new + attached + quarantined + refused + withdrawn + pending. The latest outcome of a submission
    counts, on the day of its receipt; pending is counted from the rows the sweep works on. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSERVATION, {"first": day_from, "last": day_to})
        return [Balance(*row) for row in cursor.fetchall()]


_CONSERVATION = """
WITH received AS (
    SELECT id, source_id, (received_at AT TIME ZONE 'UTC')::date AS day
    FROM leads_submission
    WHERE received_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
      AND received_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
),
decided AS (
    SELECT r.day, r.source_id, o.kind, count(*) AS n
    FROM received r
    JOIN leads_submissionoutcome o ON o.submission_id = r.id
    WHERE NOT EXISTS (
        SELECT 1 FROM leads_submissionoutcome later WHERE later.submission_id = o.submission_id AND later.id > o.id
    )
    GROUP BY r.day, r.source_id, o.kind
),
waiting AS (
    SELECT r.day, r.source_id, count(*) AS n
    FROM received r JOIN leads_pendingsubmission p ON p.submission_id = r.id
    GROUP BY r.day, r.source_id
)
SELECT r.day, s.key, s.name, count(*),
    coalesce((SELECT n FROM decided d WHERE d.day = r.day AND d.source_id = r.source_id AND d.kind = 'new'), 0),
    coalesce((SELECT n FROM decided d WHERE d.day = r.day AND d.source_id = r.source_id AND d.kind = 'attached'), 0),
    coalesce((SELECT n FROM decided d WHERE d.day = r.day AND d.source_id = r.source_id AND d.kind = 'quarantined'), 0),
    coalesce((SELECT n FROM decided d WHERE d.day = r.day AND d.source_id = r.source_id AND d.kind = 'refused'), 0),
    coalesce((SELECT n FROM decided d WHERE d.day = r.day AND d.source_id = r.source_id AND d.kind = 'withdrawn'), 0),
    coalesce((SELECT n FROM waiting w WHERE w.day = r.day AND w.source_id = r.source_id), 0)
FROM received r JOIN leads_source s ON s.id = r.source_id
GROUP BY r.day, r.source_id, s.key, s.name
ORDER BY r.day, s.key
"""
