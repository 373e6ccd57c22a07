"""The audit as long work: each night, or when somebody asks; its last answer stands on the health page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from revops.foundation import jobs
from revops.foundation.models import Job, JobState, User
from revops.portal.auditor.asking import audit

KIND = "audit_integrity"


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, audit_all)


def start_audit(user: User | None) -> Job:
    """Begins an audit, unless one is under way."""
    open_ = Job.objects.filter(kind=KIND, state__in=[JobState.WAITING, JobState.RUNNING]).first()
    return open_ or jobs.start_job(KIND, {}, user, timezone.now())


def audit_all(job: Job) -> dict[str, Any]:
    """Asks every question and keeps the answers."""
    return audit(timezone.now()).as_json()


def latest_audit() -> Job | None:
    """The newest audit, whatever its state. One query."""
    return Job.objects.filter(kind=KIND).order_by("-created_at").first()
