"""What was decided about a lead, what counts now, and where a person overruled it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class Tier(models.IntegerChoices):
    """Which team acts. Derived by the rulebook, never set by hand."""

    ONE = 1, _("Tier 1: sales-ready")
    TWO = 2, _("Tier 2: fast-track nurture")
    THREE = 3, _("Tier 3: marketing's")


class ScoreDecision(models.Model):
    """One evaluation of one lead by one rulebook, with all it needs to be evaluated again. Append-only.

    Axes and contributions are thousandths of a point; `contributions` has one number per rule in the rulebook's
    order and sums to the axes. `inputs` is what `scoring.engine.inputs` wrote: no name, address or free text.
    """

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="score_decisions", db_index=False)
    rulebook = models.ForeignKey("scoring.Rulebook", on_delete=models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField()
    as_of = models.DateTimeField(help_text=_("The instant whose facts were judged."))
    cause_kind = models.CharField(max_length=32, help_text=_("submission, signal, sweep, rulebook …"))
    cause_id = models.CharField(max_length=64, blank=True)
    fit = models.IntegerField()
    intent = models.IntegerField()
    timing = models.IntegerField()
    tier = models.SmallIntegerField(choices=Tier)
    disqualified_by = models.CharField(max_length=64, blank=True, help_text=_("Key of the disqualifier that hit."))
    evaluation_stage = models.SmallIntegerField(
        default=0, db_default=0, help_text=_("How far the buyer's own evaluation has come: 0 nothing known, 4 ready.")
    )
    contributions = ArrayField(models.IntegerField())
    inputs = models.JSONField()
    formula_version = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["lead", "-id"], name="score_decision_lead")]
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="a_decision_has_a_known_tier"),
            models.CheckConstraint(
                condition=Q(disqualified_by="") | Q(tier=3), name="a_disqualified_lead_is_marketings"
            ),
            models.CheckConstraint(
                condition=Q(evaluation_stage__range=(0, 4)), name="a_decision_has_a_known_evaluation_stage"
            ),
        ]


class LeadScore(models.Model):
    """The current score of a lead: a narrow row derived from its latest decision; rebuildable.

    Rescoring writes the whole table anew and swaps it, so the database holds no foreign keys of it: they would have to
    be proved for every row each time. While `is_provisional`, the decision behind the numbers is still to be written;
    `decision` is then the one before, and `reasons` keeps the points of every rule.
    """

    lead = models.OneToOneField(
        "leads.Lead", primary_key=True, on_delete=models.PROTECT, related_name="score", db_constraint=False
    )
    decision = models.ForeignKey(
        ScoreDecision, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    rulebook = models.ForeignKey(
        "scoring.Rulebook", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    fit = models.IntegerField()
    intent = models.IntegerField()
    timing = models.IntegerField()
    tier = models.SmallIntegerField(choices=Tier)
    priority = models.IntegerField(help_text=_("Twice intent plus fit plus timing; orders leads within a tier."))
    decided_at = models.DateTimeField()
    reevaluate_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When time alone may next change a point; empty if never.")
    )
    is_provisional = models.BooleanField(default=False, db_default=False)
    reasons = models.BinaryField(null=True, blank=True, help_text=_("What scoring.engine.reasons wrote."))

    class Meta:
        indexes = [
            models.Index(fields=["tier", "-priority"], condition=Q(is_provisional=True), name="score_provisional"),
            models.Index(fields=["reevaluate_at"], condition=Q(reevaluate_at__isnull=False), name="score_reevaluation"),
            models.Index(fields=["tier", "-priority", "lead"], name="score_best"),
        ]
        constraints = [models.CheckConstraint(condition=Q(tier__in=Tier.values), name="a_score_has_a_known_tier")]


class AccountMark(models.Model):
    """Something happened at an account whose other leads must be looked at again. The sweep takes marks away."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()

    def __str__(self) -> str:
        return f"Mark {self.pk}"


class TierOverride(models.Model):
    """A person's word against the derived tier: with a reason and an end, counted and shown beside it, never hidden."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="tier_overrides")
    tier = models.SmallIntegerField(choices=Tier)
    reason = models.CharField(max_length=500)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tier_overrides")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("Ended before it expired."))
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the lead went back to the team its own tier says.")
    )

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["expires_at"], condition=Q(settled_at=None), name="override_to_settle")]
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="an_override_names_a_known_tier"),
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_states_its_reason"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="an_override_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.get_tier_display()}: {self.reason}"
