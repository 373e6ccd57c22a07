"""Money spent: what is stated for a month, and the files it came from."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.campaigns import Campaign
from leads.models.imports import ImportFile
from leads.models.sources import Source
from leads.money import major_units
from revops.foundation.ids import encode, new_id


class Spend(models.Model):
    """Money spent in one month on a source as a whole, or on one of its campaigns; the base of cost per accepted lead.

    Amounts are integers in the smallest unit of their currency.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="spend")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="spend")
    month_on = models.DateField(help_text=_("First day of the month."))
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "campaign", "month_on", "currency"],
                nulls_distinct=False,
                name="spend_is_stated_once_a_month",
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="spend_is_not_negative"),
        ]

    @property
    def amount(self) -> Decimal:
        """In whole units of the currency, like 12.50."""
        return major_units(self.amount_minor, self.currency)


class SpendFile(models.Model):
    """An uploaded file of spend: looked at first, then taken over, and undone as a whole if need be."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(ImportFile, null=True, on_delete=models.PROTECT, related_name="+")
    columns = models.JSONField(default=dict, help_text=_("Which column holds what."))
    currency = models.CharField(max_length=3, help_text=_("Of rows that do not name theirs."))
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, help_text=_("Of such rows."))
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True) | models.Q(applied_at__isnull=False),
                name="only_applied_spend_is_undone",
            ),
        ]

    @property
    def public_id(self) -> str:
        return encode("spend", self.id)


class SpendChange(models.Model):
    """What one file changed in one month: the amount before (empty: none was stated) and after."""

    id = models.BigAutoField(primary_key=True)
    spend_file = models.ForeignKey(SpendFile, on_delete=models.PROTECT, related_name="changes")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    month_on = models.DateField()
    currency = models.CharField(max_length=3)
    before_minor = models.BigIntegerField(null=True)
    after_minor = models.BigIntegerField()
