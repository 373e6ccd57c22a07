"""What became of accepted leads: meetings, opportunities, money won or lost."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class OutcomeStage(models.TextChoices):
    MEETING = "meeting", _("Meeting")
    OPPORTUNITY = "opportunity", _("Opportunity")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    CHURNED = "churned", _("Churned")
    LIFETIME_VALUE = "lifetime_value", _("Lifetime value")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def standing(self) -> OutcomeQuerySet:
        """Outcomes that count: the latest version of each, without those that were withdrawn."""
        return self.filter(corrected_by__isnull=True).exclude(kind=OutcomeStage.WITHDRAWN)


class Outcome(models.Model):
    """One fact about what a lead became. Append-only; stays linked to lead, source and rulebook version.

    A correction is a further row that names the one it `corrects`: the same kind with other facts (restated), or
    withdrawn. Lifetime value is what a customer has paid so far; the latest statement of a lead counts.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=16, choices=OutcomeStage)
    occurred_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty for undated history."))
    recorded_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it was lost or churned."))
    attributes = models.JSONField(default=dict, blank=True, help_text=_("Further facts of the deal, as sent."))
    external_id = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    is_history = models.BooleanField(default=False)
    job_id = models.UUIDField(null=True, blank=True, help_text=_("The import that brought it."))
    line = models.PositiveIntegerField(null=True, blank=True, help_text=_("Line of the imported file."))
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "occurred_at"], name="outcome_kind_time"),
            models.Index(fields=["job_id", "line"], condition=models.Q(job_id__isnull=False), name="outcome_job"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "kind", "external_id", "job_id"],
                nulls_distinct=False,
                condition=~models.Q(external_id="") & models.Q(corrects__isnull=True),
                name="an_outcome_is_sent_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | (models.Q(amount__gte=0) & ~models.Q(currency="")),
                name="an_amount_names_its_currency",
            ),
            models.CheckConstraint(
                condition=models.Q(is_history=True) | models.Q(occurred_at__isnull=False),
                name="a_live_outcome_has_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="lost") | models.Q(is_history=True) | ~models.Q(reason=""),
                name="a_lost_deal_says_why",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="withdrawn") | models.Q(corrects__isnull=False),
                name="a_withdrawal_names_what_it_takes_back",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="lifetime_value") | models.Q(amount__isnull=False),
                name="a_lifetime_value_is_an_amount",
            ),
        ]
