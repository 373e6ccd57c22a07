"""What people say about reasons and signal kinds: helpful or misleading, confirmed or not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class ReasonMark(models.Model):
    """A salesperson's word on one reason of one lead; the newest word counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="reason_marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    rulebook = models.ForeignKey("scoring.Rulebook", on_delete=models.PROTECT, db_index=False, related_name="+")
    rule_key = models.CharField(max_length=64)
    is_helpful = models.BooleanField()
    marked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule_key", "marked_at"], name="reason_mark_rule")]
        constraints = [
            models.UniqueConstraint(fields=["lead", "user", "rule_key"], name="a_person_marks_a_reason_once")
        ]


class KindVerdict(models.Model):
    """Sales' word that a signal kind is proven, or no longer, with the lift that was measured then. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.ForeignKey("leads.SignalKind", on_delete=models.PROTECT, related_name="verdicts")
    is_proven = models.BooleanField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    given_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    lift = models.JSONField(help_text=_("Acceptance and meetings of leads with and without the kind, as measured."))

    class Meta:
        ordering = ["-given_at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_verdict_states_its_reason"),
        ]
