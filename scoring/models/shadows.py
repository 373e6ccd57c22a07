"""Drafts that ran beside the live rulebook, and the nightly proofs that stored decisions can be made again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id
from scoring.models.rulebooks import Rulebook
from scoring.models.scores import ScoreDecision, Tier


class ShadowEnd(models.TextChoices):
    PROMOTED = "promoted", _("Promoted")
    DROPPED = "dropped", _("Dropped")


class ShadowRun(models.Model):
    """One draft that judges every live decision beside the live rulebook, for some days, and changes nothing.

    `definition` is the content it runs with; later edits of the draft do not touch a run. `last_decision_id` is the
    latest decision it has judged.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="shadow_runs")
    content_hash = models.CharField(max_length=64)
    definition = models.JSONField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    end = models.CharField(max_length=12, choices=ShadowEnd, blank=True)
    note = models.CharField(max_length=500, blank=True)
    last_decision_id = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["rulebook"], condition=Q(ended_at__isnull=True), name="a_draft_runs_in_one_shadow"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="a_shadow_run_ends"),
            models.CheckConstraint(
                condition=(Q(ended_at__isnull=True) & Q(end="")) | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="an_ended_shadow_run_says_how",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("shadow", self.id)


class ShadowDecision(models.Model):
    """What the draft would have said to one live decision: tier and order of both. Append-only."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ShadowRun, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    decision = models.ForeignKey(ScoreDecision, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField()
    tier = models.SmallIntegerField(choices=Tier)
    shadow_tier = models.SmallIntegerField(choices=Tier)
    points = models.IntegerField(help_text=_("Twice intent plus fit plus timing, as it was."))
    shadow_points = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "decision"], name="a_shadow_judges_a_decision_once"),
            models.CheckConstraint(condition=Q(shadow_tier__in=Tier.values), name="a_shadow_has_a_known_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} → {self.shadow_tier}"


class ReplayProof(models.Model):
    """One night's proof: so many stored decisions made again, so many came out otherwise. Append-only."""

    id = models.BigAutoField(primary_key=True)
    proved_at = models.DateTimeField()
    checked = models.PositiveIntegerField()
    differences = models.PositiveIntegerField()
    examples = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.differences} of {self.checked}"
