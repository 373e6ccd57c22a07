"""Long work that survives killed workers: rows that are claimed with a lease, advanced, and ended exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from revops.foundation import doorbell
from revops.foundation.models import Job, JobState, User

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 8

Runner = Callable[[Job], dict[str, Any] | None]

_runners: dict[str, Runner] = {}


class LeaseLost(Exception):
    """Somebody else has the job now, or it was cancelled or paused: stop, and write nothing more."""


class JobFailed(Exception):
    """The work cannot be done. The message is shown to the person who asked for it."""


def register(kind: str, runner: Runner) -> None:
    """Say who does jobs of `kind`. The runner gets the claimed job, calls `advance` at least every LEASE, and returns
    the result. It starts from `job.checkpoint`: it may be a second try."""
    _runners[kind] = runner


def start_job(
    kind: str,
    params: dict[str, Any],
    user: User | None,
    now: datetime,
    *,
    total: int | None = None,
    undo_of: Job | None = None,
) -> Job:
    """Write down long work in the caller's transaction; a worker starts after the commit."""
    if kind not in _runners:
        raise LookupError(f"Nobody has registered to do jobs of kind {kind!r}.")
    job = Job.objects.create(kind=kind, params=params, created_by=user, created_at=now, total=total, undo_of=undo_of)
    _ring(job.pk)
    return job


def claim_job(job_id: UUID, now: datetime) -> Job | None:
    """Take a waiting job, or a running one whose worker vanished. None if there is nothing to take."""
    free = Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
        if job is None:
            return None
        job.state, job.lease_token, job.lease_until = JobState.RUNNING, uuid4(), now + LEASE
        job.heartbeat_at, job.started_at, job.attempts = now, job.started_at or now, job.attempts + 1
        job.save(update_fields=["state", "lease_token", "lease_until", "heartbeat_at", "started_at", "attempts"])
    return job


def advance(job: Job, processed: int, checkpoint: dict[str, Any], now: datetime, *, total: int | None = None) -> None:
    """Store how far the job is and keep the lease. Call it in the transaction of the chunk it speaks of.

    Raises LeaseLost if the job is no longer this worker's; letting it pass rolls the chunk back.
    """
    changes: dict[str, Any] = {
        "processed": processed,
        "checkpoint": checkpoint,
        "heartbeat_at": now,
        "lease_until": now + LEASE,
    }
    if total is not None:
        changes["total"] = total
    _change_mine(job, changes)


def finish(job: Job, result: dict[str, Any], now: datetime) -> None:
    """End a job well. If it undid another, that one is now undone. Raises LeaseLost."""
    with transaction.atomic():
        _change_mine(job, _ended(JobState.DONE, now) | {"result": result})
        if job.undo_of_id:
            Job.objects.filter(
                pk=job.undo_of_id, state__in=[JobState.DONE, JobState.CANCELLED, JobState.FAILED]
            ).update(state=JobState.UNDONE)


def fail(job: Job, error: str, now: datetime) -> None:
    """End a job badly, in words for the person who asked for it. Raises LeaseLost."""
    _change_mine(job, _ended(JobState.FAILED, now) | {"error": error or _("It stopped without saying why.")})


def cancel(job_id: UUID, now: datetime) -> bool:
    """Stop a job that is not over; its worker notices at the next step. False if it was over already."""
    open_ = Job.objects.filter(pk=job_id, state__in=[JobState.WAITING, JobState.RUNNING, JobState.PAUSED])
    return bool(open_.update(**_ended(JobState.CANCELLED, now)))


def pause(job_id: UUID) -> bool:
    """Hold a job at its last checkpoint until `resume`."""
    open_ = Job.objects.filter(pk=job_id, state__in=[JobState.WAITING, JobState.RUNNING])
    return bool(open_.update(state=JobState.PAUSED, lease_token=None, lease_until=None))


def resume(job_id: UUID) -> bool:
    """Let a paused job go on."""
    resumed = bool(Job.objects.filter(pk=job_id, state=JobState.PAUSED).update(state=JobState.WAITING))
    if resumed:
        _ring(job_id)
    return resumed


def run(job_id: UUID, clock: Callable[[], datetime]) -> JobState | None:
    """Claim a job and do it to its end. None if somebody else has it or it is over. Safe to call twice."""
    job = claim_job(job_id, clock())
    if job is None:
        return None
    try:
        finish(job, _runner_of(job)(job) or {}, clock())
    except LeaseLost:
        logger.info("Job %s was taken over, paused or cancelled.", job.pk)
        return None
    except JobFailed as reason:
        return _fail_if_mine(job, str(reason), clock())
    except Exception:
        logger.exception("Job %s (%s) failed.", job.pk, job.kind)
        words = _("Something unexpected stopped the work after %(n)s items. What was done until then is kept.")
        return _fail_if_mine(job, words % {"n": job.processed}, clock())
    return JobState.DONE


def take_abandoned(now: datetime) -> list[UUID]:
    """Jobs whose worker vanished, and jobs whose doorbell nobody heard; a waiting one is named once a minute."""
    vanished = Q(state=JobState.RUNNING, lease_until__lt=now)
    never_heard = Q(heartbeat_at__isnull=True, created_at__lt=now - timedelta(seconds=5))
    unheard = Q(state=JobState.WAITING) & (never_heard | Q(heartbeat_at__lt=now - timedelta(minutes=1)))
    found = list(Job.objects.filter(vanished | unheard).order_by("created_at").values_list("pk", flat=True)[:100])
    Job.objects.filter(pk__in=found, state=JobState.WAITING).update(heartbeat_at=now)
    return found


def progress(job: Job, now: datetime) -> dict[str, Any]:
    """How far a job is: `processed`, `total`, `fraction` (0 to 1), `rate` (items a second), `eta_seconds`.

    `fraction`, `rate` and `eta_seconds` are None as long as they cannot be known.
    """
    fraction = min(1.0, job.processed / job.total) if job.total else None
    if job.state == JobState.DONE:
        fraction = 1.0
    until = job.finished_at or (now if job.state == JobState.RUNNING else job.heartbeat_at)
    seconds = (until - job.started_at).total_seconds() if until and job.started_at else 0.0
    rate = job.processed / seconds if seconds > 0 and job.processed else None
    eta = None
    if job.state == JobState.RUNNING and rate and job.total is not None:
        eta = round(max(0, job.total - job.processed) / rate)
    return {
        "state": job.state,
        "processed": job.processed,
        "total": job.total,
        "fraction": fraction,
        "rate": round(rate, 1) if rate else None,
        "eta_seconds": eta,
    }


def _runner_of(job: Job) -> Runner:
    runner = _runners.get(job.kind)
    if runner is None:
        raise JobFailed(_("This server does not know how to do “%(kind)s”.") % {"kind": job.kind})
    if job.attempts > MOST_ATTEMPTS:
        raise JobFailed(_("The work stopped %(n)s times without an end.") % {"n": MOST_ATTEMPTS})
    return runner


def _ring(job_id: UUID) -> None:
    doorbell.ring_after_commit("foundation.run_job", str(job_id))


def _ended(state: JobState, now: datetime) -> dict[str, Any]:
    return {"state": state, "finished_at": now, "lease_token": None, "lease_until": None}


def _change_mine(job: Job, changes: dict[str, Any]) -> None:
    if not Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_token=job.lease_token).update(**changes):
        raise LeaseLost(str(job.pk))
    for name, value in changes.items():
        if name != "lease_token":
            setattr(job, name, value)


def _fail_if_mine(job: Job, words: str, now: datetime) -> JobState | None:
    try:
        fail(job, words, now)
    except LeaseLost:
        return None
    return JobState.FAILED
