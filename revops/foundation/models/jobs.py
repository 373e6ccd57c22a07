"""Long work as a row: what is to be done, how far it is, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    UNDONE = "undone", _("Undone")


class Job(models.Model):
    """One piece of long work. The row is the truth; the Celery message is only the doorbell."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    processed = models.PositiveBigIntegerField(default=0)
    checkpoint = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    undo_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = (
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="a_job_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="only_a_running_job_is_leased",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "failed", "cancelled", "undone"]) | Q(finished_at__isnull=False),
                name="a_job_that_is_over_says_when",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="a_failed_job_says_why"),
        )
        indexes = (
            models.Index(fields=["kind", "-created_at"], name="jobs_of_a_kind"),
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="jobs_waiting"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="jobs_running"),
        )

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.UNDONE}
