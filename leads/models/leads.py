"""A lead: one person's possible need, its stage, and every move it made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.lifecycle import CLOSED_STAGES, Stage
from revops.foundation.ids import encode, new_id


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> LeadQuerySet:
        """Leads that are neither won nor lost."""
        return self.exclude(stage__in=CLOSED_STAGES)

    def shown(self) -> LeadQuerySet:
        """Leads whose import was not undone."""
        return self.filter(withdrawn_at__isnull=True)

    def live(self) -> LeadQuerySet:
        """Leads of the running business; history and withdrawn leads are left out."""
        return self.shown().filter(is_history=False)


class Lead(models.Model):
    """The small current row; its truth is the append-only `LifecycleEvent`s and `Signal`s.

    `stage` changes only through `leads.transitions.move_leads`. The tier is not here: it is derived by scoring.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("leads.Person", on_delete=models.PROTECT, related_name="leads")
    account = models.ForeignKey(
        "leads.Account",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
    )
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, related_name="leads", db_index=False)
    campaign = models.ForeignKey(
        "leads.Campaign",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
    )
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.NEW)
    stage_at = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="leads",
        db_index=False,
    )
    received_at = models.DateTimeField(help_text=_("When its first submission reached us."))
    occurred_at = models.DateTimeField(null=True, blank=True, help_text=_("When it began; empty if undated history."))
    is_history = models.BooleanField(default=False)
    need = models.TextField(blank=True, help_text=_("What they said they want, in their words."))
    attributes = models.JSONField(default=dict, blank=True, help_text=_("Mapped facts beyond the columns."))
    first_touch = models.JSONField(default=dict, blank=True, help_text=_("UTM of the first submission."))
    last_touch = models.JSONField(default=dict, blank=True, help_text=_("UTM of the latest submission."))
    last_signal_at = models.DateTimeField(null=True, blank=True)
    rejections = models.PositiveSmallIntegerField(default=0)
    wakes_on = models.DateField(null=True, blank=True, help_text=_("Not now: look again on this day."))
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Its import was undone, or it was merged; kept, not shown.")
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_leads", db_index=False
    )
    version = models.PositiveIntegerField(default=1)

    objects = LeadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="lead_newest"),
            models.Index(fields=["source", "-received_at"], name="lead_source"),
            models.Index(fields=["stage", "-received_at"], name="lead_stage"),
            models.Index(fields=["owner", "-received_at", "-id"], name="lead_owner"),
            models.Index(
                fields=["owner", "-stage_at", "-id"], condition=models.Q(stage=Stage.ACCEPTED), name="lead_accepted_of"
            ),
            models.Index(fields=["-stage_at", "-id"], condition=models.Q(stage=Stage.ACCEPTED), name="lead_accepted"),
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="lead_merged_into"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=~models.Q(stage__in=list(CLOSED_STAGES)) & models.Q(withdrawn_at__isnull=True),
                name="a_person_has_one_open_lead",
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=Stage.values),
                name="a_lead_stands_on_a_known_stage",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | models.Q(withdrawn_at__isnull=False),
                name="a_merged_lead_is_not_shown",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("lead", self.id)


class LifecycleEvent(models.Model):
    """One move of one lead, with its cause. Append-only. `occurred_at` is empty for undated history."""

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="lifecycle_events")
    from_stage = models.CharField(max_length=16, choices=Stage, blank=True)
    to_stage = models.CharField(max_length=16, choices=Stage)
    occurred_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
    )
    cause_kind = models.CharField(max_length=32, help_text=_("submission, score, disposition, outcome, undo …"))
    cause_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["to_stage", "occurred_at"], name="lifecycle_stage_time")]
