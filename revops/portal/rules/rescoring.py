"""After a publication every running lead is scored by the new rulebook, as a job with progress.

Many leads are scored all at once, from packed facts, and readers see all new scores in one moment; then their decisions
are written batch by batch, and those that are sales-ready now are handed off. Few leads go batch by batch at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from leads.lifecycle import CLOSED_STAGES
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal import journey
from scoring.models import LeadScore, Rulebook
from scoring.publishing import NoLiveRulebook, live_rulebook
from scoring.qualification import left_behind
from scoring.rescoring import SwapRefused, rescore_leads

KIND = "rescore"
CHUNK = 500
AT_ONCE_FROM = 20_000
"""From so many leads on, all are scored at once."""


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, rescore_all)


def start_rescore(rulebook: Rulebook, user: User, now: datetime) -> Job:
    """Writes the work down, in the transaction of the publication."""
    return jobs.start_job(KIND, {"rulebook": rulebook.public_id}, user, now, total=leads_behind())


def leads_behind() -> int:
    """How many running leads an earlier rulebook judged last, or whose decision is still to be written. One query."""
    running = LeadScore.objects.filter(lead__withdrawn_at__isnull=True, lead__is_history=False)
    earlier = ~Q(rulebook__state="live") & ~Q(lead__stage__in=CLOSED_STAGES)
    return running.filter(earlier | Q(is_provisional=True)).count()


def rescore_all(job: Job) -> dict[str, Any]:
    """Scores leads until none is left behind. What is done stays done, so a second try goes on where it is."""
    at_once = _all_at_once(job)
    done, before = job.processed, list[UUID]()
    while chunk := left_behind(CHUNK):
        if chunk == before:
            raise jobs.JobFailed(f"{len(chunk)} leads keep their old score, whatever is tried.")
        now = timezone.now()
        with transaction.atomic():
            done += journey.rescore(chunk, now=now, rulebook=job.params["rulebook"])
            jobs.advance(job, done, job.checkpoint, now)
        before = chunk
    return {"leads": done, "at_once": at_once} if at_once else {"leads": done}


def _all_at_once(job: Job) -> int:
    """Swaps in the new scores of all running leads, unless they are few or that was done. Returns how many."""
    if "at_once" in job.checkpoint:
        return int(job.checkpoint["at_once"])
    count = 0
    if leads_behind() >= AT_ONCE_FROM:
        now = timezone.now()
        jobs.advance(job, job.processed, {}, now)
        try:
            count = rescore_leads(live_rulebook(), now=now).leads
        except (NoLiveRulebook, SwapRefused):
            count = 0  # batch by batch, then
    jobs.advance(job, job.processed, {"at_once": count}, timezone.now())
    return count


def latest_rescore() -> Job | None:
    """The last such job, if there ever was one. One query."""
    return Job.objects.filter(kind=KIND).order_by("-created_at").first()
