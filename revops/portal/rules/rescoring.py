"""After a publication every running lead is scored by the new rulebook, chunk by chunk, as a job with progress."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from leads.lifecycle import CLOSED_STAGES
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal import journey
from scoring.models import LeadScore, Rulebook
from scoring.qualification import left_behind

KIND = "rescore"
CHUNK = 500


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, rescore_all)


def start_rescore(rulebook: Rulebook, user: User, now: datetime) -> Job:
    """Writes the work down, in the transaction of the publication."""
    return jobs.start_job(KIND, {"rulebook": rulebook.public_id}, user, now, total=leads_behind())


def leads_behind() -> int:
    """How many running leads an earlier rulebook judged last. One query."""
    running = LeadScore.objects.filter(lead__withdrawn_at__isnull=True, lead__is_history=False)
    return running.exclude(rulebook__state="live").exclude(lead__stage__in=CLOSED_STAGES).count()


def rescore_all(job: Job) -> dict[str, Any]:
    """Scores leads until none is left behind. What is done stays done, so a second try goes on where it is."""
    done, before = job.processed, list[UUID]()
    while chunk := left_behind(CHUNK):
        if chunk == before:
            raise jobs.JobFailed(f"{len(chunk)} leads keep their old score, whatever is tried.")
        now = timezone.now()
        with transaction.atomic():
            done += journey.rescore(chunk, now=now, rulebook=job.params["rulebook"])
            jobs.advance(job, done, {}, now)
        before = chunk
    return {"leads": done}


def latest_rescore() -> Job | None:
    """The last such job, if there ever was one. One query."""
    return Job.objects.filter(kind=KIND).order_by("-created_at").first()
