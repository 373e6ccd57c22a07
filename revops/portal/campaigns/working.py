"""Resolves the touches of a source again after its rules changed, as a job that survives its worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from leads.campaign_register import from_snapshot
from leads.campaigns import resolve_again
from revops.foundation import jobs
from revops.foundation.models import Job, User

KIND = "campaigns_resolve"


def register() -> None:
    """Says who does the job."""
    jobs.register(KIND, resolve)


def start_resolving(source_id: UUID, before: Sequence[Mapping[str, Any]], user: User, now: datetime) -> Job | None:
    """Gives what came earlier to the campaigns it belongs to now; nothing to do where no rule changed."""
    if not before:
        return None
    return jobs.start_job(KIND, {"source": str(source_id), "before": list(before)}, user, now)


def resolve(job: Job) -> dict[str, Any]:
    """All touches and leads of the source, in one transaction; a second run finds nothing left to move."""
    with transaction.atomic():
        return {"leads": resolve_again(UUID(job.params["source"]), from_snapshot(job.params["before"]))}
