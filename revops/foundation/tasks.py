"""What the ground does later: jobs and abandoned ones, the outbox, digests, and forgetting old idempotency keys."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from revops.foundation import doorbell, jobs, outbox, telling
from revops.foundation.models import IdempotencyKey

_IDEMPOTENCY_KEPT = timedelta(days=7)


@shared_task(name="foundation.run_job")
def run_job(job_id: str) -> str | None:
    """Do one job. A second doorbell for the same job finds it taken and does nothing."""
    return jobs.run(UUID(job_id), timezone.now)


@shared_task(name="foundation.sweep_jobs")
def sweep_jobs() -> int:
    """Ring again for jobs whose worker vanished or whose doorbell was lost. Answers how many."""
    found = jobs.take_abandoned(timezone.now())
    for job_id in found:
        doorbell.send(run_job.name, (str(job_id),))
    return len(found)


@shared_task(name="foundation.deliver_outbox")
def deliver_outbox() -> int:
    """Deliver what is due. Answers how many messages left."""
    return outbox.deliver_due(timezone.now()).delivered


@shared_task(name="foundation.send_digests")
def send_digests() -> int:
    """Send the digests that are due. Answers how many."""
    with transaction.atomic():
        return telling.send_digests(now=timezone.now())


@shared_task(name="foundation.forget_idempotency_keys")
def forget_idempotency_keys() -> int:
    """Remove answers older than the published seven days. Answers how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - _IDEMPOTENCY_KEPT)
    return old.delete()[0]
