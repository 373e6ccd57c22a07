"""Escalation: the ladder, each step taken, who stands in for whom, leads offered to others, and excused breaches."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id

from .agreements import ClauseSide


class EscalationAction(models.TextChoices):
    REMIND = "remind", _("Remind")
    BACKUP = "backup", _("Backup")
    MANAGER = "manager", _("Manager")
    POOL = "pool", _("Offer to others")


class EscalationLadder(models.Model):
    """One version of the ladder of an agreement. Append-only; the newest counts.

    `steps` is what `ladder.read_steps` reads: each with an action and after how many percent of the promise.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey("sla.Agreement", on_delete=models.PROTECT, related_name="ladders")
    version = models.PositiveIntegerField()
    steps = models.JSONField()
    most_moves = models.PositiveSmallIntegerField(help_text=_("How often escalation may move one lead."))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "version"], name="a_ladder_version_is_numbered_once"),
        ]

    def __str__(self) -> str:
        return str(_("Ladder v%(version)s") % {"version": self.version})


class Escalation(models.Model):
    """One step taken about one promise. Append-only; claimed once by its unique key, so two schedulers take it once.

    `about_id` is the hand-off, or the clock itself where there is none; `move` how often escalation had moved the
    lead before. `receiver` was told, or nobody could be; `passed_over` names whom the ladder left out and why.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    about_id = models.UUIDField()
    side = models.CharField(max_length=12, choices=ClauseSide)
    move = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=8, choices=EscalationAction)
    after = models.PositiveSmallIntegerField(help_text=_("Percent of the promise."))
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="escalations", db_index=False)
    clock = models.ForeignKey("sla.Clock", on_delete=models.PROTECT, related_name="escalations")
    ladder = models.ForeignKey(
        EscalationLadder, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    due_at = models.DateTimeField(help_text=_("When the step was due."))
    taken_at = models.DateTimeField()
    tell_at = models.DateTimeField(help_text=_("When the receiver works: nobody is told before."))
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    copies = ArrayField(models.UUIDField(), default=list, blank=True)
    passed_over = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["taken_at", "after"]
        indexes = [models.Index(fields=["lead", "taken_at"], name="escalation_lead")]
        constraints = [
            models.UniqueConstraint(fields=["about_id", "side", "move", "action"], name="a_step_is_taken_once"),
            models.CheckConstraint(
                condition=Q(action__in=EscalationAction.values), name="an_escalation_is_a_known_action"
            ),
            models.CheckConstraint(condition=Q(taken_at__gte=F("due_at")), name="an_escalation_is_never_early"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.lead_id}"


class RepBackup(models.Model):
    """Who stands in for somebody whose promise is broken."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="stand_in"
    )
    backup = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(user=F("backup")), name="nobody_backs_up_themselves")]

    def __str__(self) -> str:
        return f"{self.backup} for {self.user}"


class PoolOffer(models.Model):
    """A lead offered to whoever presses “Get next” first. It lapses when its hand-off is answered or changes hands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    handoff = models.ForeignKey("sla.HandOff", on_delete=models.PROTECT, related_name="offers", db_index=False)
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200)
    offered_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["offered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(taken_at__isnull=True), name="a_handoff_is_offered_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="a_taken_offer_names_who_took_it",
            ),
        ]

    def __str__(self) -> str:
        return encode("offer", self.id)


class ClockExcuse(models.Model):
    """A breach that does not count: it was contested and the other team upheld it. Append-only; the clock stays."""

    clock = models.OneToOneField("sla.Clock", primary_key=True, on_delete=models.PROTECT, related_name="excuse")
    cause_kind = models.CharField(max_length=32)
    cause_id = models.UUIDField()
    excused_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    excused_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.clock_id)
