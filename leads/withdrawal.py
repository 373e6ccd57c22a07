"""Takes an import back: its submissions are withdrawn, its untouched leads hidden; nothing is deleted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from leads.models import Lead, Submission, SubmissionOutcome
from leads.models.submissions import OutcomeKind
from revops.foundation.bulk import insert_rows


def withdraw_submissions(job_id: UUID, *, now: datetime, actor_id: UUID | None = None) -> tuple[int, list[UUID]]:
    """Withdraws everything one import brought: how many submissions, and which leads are hidden now.

    A lead stays if another submission belongs to it too, or if somebody has worked it since.
    """
    latest: dict[UUID, SubmissionOutcome] = {}
    for outcome in SubmissionOutcome.objects.filter(submission__job_id=job_id).order_by("pk"):
        latest[outcome.submission_id] = outcome
    standing = {pk: outcome for pk, outcome in latest.items() if outcome.kind != OutcomeKind.WITHDRAWN}
    insert_rows(
        SubmissionOutcome,
        [
            SubmissionOutcome(
                submission_id=pk,
                kind=OutcomeKind.WITHDRAWN,
                replaces=outcome.kind,
                decided_at=now,
                detail="The import was undone.",
                actor_id=actor_id,
            )
            for pk, outcome in standing.items()
        ],
    )
    lead_ids = {outcome.lead_id for outcome in standing.values() if outcome.lead_id}
    elsewhere = Submission.objects.filter(outcomes__lead=OuterRef("pk")).filter(
        Q(job_id__isnull=True) | ~Q(job_id=job_id)
    )
    untouched = (
        Lead.objects.shown()
        .filter(pk__in=lead_ids, attempts__isnull=True)
        .exclude(lifecycle_events__actor__isnull=False)
        .exclude(Exists(elsewhere))
    )
    hidden = list(untouched.order_by("pk").values_list("pk", flat=True))
    Lead.objects.filter(pk__in=hidden).update(withdrawn_at=now)
    return len(standing), hidden
