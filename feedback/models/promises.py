"""What shows that count clauses are kept: who came to the huddle, numbers shared, findings answered, nurture given."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class HuddleAttendance(models.Model):
    """One person who took part in the review of one week. Changes only until that review is closed."""

    id = models.BigAutoField(primary_key=True)
    week_on = models.DateField(help_text=_("Monday of the week that was reviewed."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="huddles")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["week_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["week_on", "user"], name="a_person_attends_a_huddle_once"),
        ]

    def __str__(self) -> str:
        return f"{self.week_on}: {self.user}"


class PerformanceReport(models.Model):
    """Campaign performance and cost per accepted lead of one month, as marketing shared it. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    month_on = models.DateField(unique=True, help_text=_("First day of the month."))
    numbers = models.JSONField(help_text=_("Per source and campaign, as they were when shared."))
    numbers_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True, help_text=_("What worked, what did not, what is next."))
    shared_at = models.DateTimeField()
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-month_on"]
        constraints = [
            models.CheckConstraint(condition=Q(month_on__day=1), name="a_report_is_about_a_whole_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m}"


class Finding(models.Model):
    """Rejections of one week that share reason and source, often enough that marketing must answer.

    Opened once by the portal with its deadline in business days; answered once, by compare-and-set.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    week_on = models.DateField(help_text=_("Monday of the week of the rejections."))
    reason = models.ForeignKey("feedback.ReasonCode", on_delete=models.PROTECT, related_name="findings")
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, related_name="findings")
    rejections = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["week_on", "reason", "source"], name="a_pattern_is_found_once_a_week"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="", answered_by__isnull=True)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="an_answered_finding_has_words_a_time_and_a_person",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("opened_at")), name="a_finding_leaves_time_to_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.week_on}: {self.reason_id}"

    @property
    def public_id(self) -> str:
        return encode("finding", self.id)


class NurturePeriod(models.Model):
    """One stretch in which marketing nurtures a lead that did not respond to sales."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="nurture_periods")
    disposition = models.OneToOneField(
        "feedback.Disposition",
        on_delete=models.PROTECT,
        related_name="nurture_period",
        help_text=_("The “no response” that asks for it."),
    )
    track = models.ForeignKey("feedback.NurtureTrack", null=True, blank=True, on_delete=models.PROTECT)
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    stop_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("started_at")), name="nurture_lasts"),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by__isnull=True)
                | (Q(stopped_at__isnull=False, stopped_by__isnull=False) & ~Q(stop_reason="")),
                name="nurture_that_was_stopped_says_by_whom_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} until {self.until:%Y-%m-%d}"
