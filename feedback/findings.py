"""Opens findings: a reason and a source that met too often in one week. Marketing answers each in business days."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from feedback.metrics import Week
from feedback.models import Finding
from leads.models import Lead
from revops.foundation import ledger
from revops.foundation.ids import new_ids
from revops.foundation.models import LedgerEntry, User
from sla.business_time import working_days_after
from sla.queries import agreement_hours, live_target

OPENS_AT = 5
"""So many rejections of one source for one reason in a week are a pattern that must be answered."""
CLAUSE, USUAL_DAYS = "rejection_answered", Decimal(5)


class FindingAnsweredError(Exception):
    """Somebody answered this finding before; their answer stands."""


def open_findings(week: Week, *, now: datetime) -> list[Finding]:
    """Opens the findings of a week that is over, each with its deadline; a second run opens nothing.

    The deadline counts business days of the agreement's calendar from the end of the week, however late this runs;
    without an agreement nothing is opened. Returns those that are new.
    """
    hours = agreement_hours()
    if now < week.end or hours is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PATTERNS, [week.start, week.end, OPENS_AT])
        patterns = cursor.fetchall()
    if not patterns:
        return []
    days = int(live_target(CLAUSE) or USUAL_DAYS)
    due_at = working_days_after(week.end - timedelta(microseconds=1), days, hours)
    rows = [
        Finding(
            id=pk, week_on=week.monday, reason_id=reason, source_id=source, rejections=n, opened_at=week.end,
            due_at=due_at,
        )
        for (reason, source, n), pk in zip(patterns, new_ids(len(patterns), now), strict=True)
    ]  # fmt: skip
    Finding.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Finding.objects.filter(pk__in=[row.pk for row in rows]).select_related("reason", "source"))


_PATTERNS = """
SELECT answer.reason_id, lead.source_id, count(*)
FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id
WHERE answer.kind = 'rejected' AND NOT answer.is_history AND answer.decided_at >= %s AND answer.decided_at < %s
AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id)
AND NOT lead.is_history AND lead.withdrawn_at IS NULL
GROUP BY answer.reason_id, lead.source_id HAVING count(*) >= %s
ORDER BY count(*) DESC, answer.reason_id, lead.source_id
"""


def answer_finding(finding_id: UUID, *, answer: str, by: User, now: datetime) -> Finding:
    """Marketing's written answer, once; written down in the ledger.

    Raises ValueError for an answer without words, Finding.DoesNotExist, FindingAnsweredError.
    """
    words = answer.strip()
    if len(words) < 10:
        raise ValueError(_("Say in a sentence what you found and what you change."))
    changed = Finding.objects.filter(pk=finding_id, answered_at__isnull=True).update(
        answer=words[:500], answered_at=now, answered_by=by
    )
    finding = Finding.objects.select_related("reason", "source", "answered_by").get(pk=finding_id)
    if not changed:
        raise FindingAnsweredError(_("Somebody answered this finding before you; their answer stands."))
    entry = LedgerEntry(
        occurred_at=now, action="finding.answered", subject_kind="finding", subject_id=finding.pk, actor=by
    )
    ledger.record([entry])
    return finding


def findings() -> QuerySet[Finding]:
    """All findings with reason, source and who answered: those that wait first, by deadline."""
    return Finding.objects.select_related("reason", "source", "answered_by").order_by("-answered_at", "due_at", "id")


def leads_of_finding(finding: Finding, week: Week) -> QuerySet[Lead]:
    """The leads whose rejections made the pattern, as far as those stand."""
    return Lead.objects.filter(
        source=finding.source_id,
        dispositions__kind="rejected",
        dispositions__reason=finding.reason_id,
        dispositions__undone_by__isnull=True,
        dispositions__is_history=False,
        dispositions__decided_at__gte=week.start,
        dispositions__decided_at__lt=week.end,
    ).distinct()
