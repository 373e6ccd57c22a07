"""Criteria gaps: rejections for reasons that our criteria do not know, and what marketing answers to them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from feedback.models import Disposition, DispositionKind, GapAnswer
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User


def criteria_gaps() -> QuerySet[Disposition]:
    """Rejections that count and refer to no criterion, answered or not."""
    return (
        Disposition.objects.filter(kind=DispositionKind.REJECTED, undone_by__isnull=True, reason__criterion="")
        .filter(lead__withdrawn_at__isnull=True)
        .select_related("lead__person", "lead__account", "reason", "user", "gap_answer__answered_by")
    )


def answer_gap(gap: Disposition, kind: str, words: str, by: User, *, now: datetime) -> GapAnswer | None:
    """Records the answer to a gap; None if somebody answered it before."""
    if GapAnswer.objects.filter(disposition=gap).exists():
        return None
    answer = GapAnswer.objects.create(
        disposition=gap, kind=kind, words=words.strip()[:300], answered_by=by, answered_at=now
    )
    entry = LedgerEntry(
        occurred_at=now, actor=by, action="criteria_gap.answered", subject_kind="lead", subject_id=gap.lead_id,
        cause=str(gap.pk), after={"answer": kind},
    )  # fmt: skip
    ledger.record([entry])
    return answer
