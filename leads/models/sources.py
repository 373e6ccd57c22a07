"""Where leads come from, and what that costs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class SourceKind(models.TextChoices):
    INBOUND = "inbound", _("Inbound")
    OUTBOUND = "outbound", _("Outbound")
    PARTNER = "partner", _("Partner")
    SURGE = "surge", _("Surge")
    PURCHASED = "purchased", _("Purchased list")


class SourceState(models.TextChoices):
    PILOT = "pilot", _("Pilot")
    ACTIVE = "active", _("Active")
    STOPPED = "stopped", _("Stopped")


def every_tier() -> list[int]:
    return [1, 2, 3]


class Source(models.Model):
    """A registered origin of submissions. Only registered sources feed rules."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.SlugField(
        max_length=64,
        unique=True,
        help_text=_("Stable name used by imports and the API."),
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=SourceKind, default=SourceKind.INBOUND)
    state = models.CharField(max_length=16, choices=SourceState, default=SourceState.ACTIVE)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    readiness = models.CharField(
        max_length=32,
        default="problem_aware",
        help_text=_("Usual readiness of its leads."),
    )
    allowed_tiers = ArrayField(models.SmallIntegerField(), default=every_tier)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """A campaign of one source, found again by its utm_campaign."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=120, help_text=_("The utm_campaign value that marks its visitors."))
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="a_source_names_a_campaign_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Spend(models.Model):
    """Money spent on a source in one month; the base of cost per sales-accepted lead."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="spend")
    month_on = models.DateField(help_text=_("First day of the month."))
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "month_on", "currency"],
                name="spend_is_stated_once_a_month",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="spend_is_not_negative"),
        ]
