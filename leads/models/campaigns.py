"""Campaigns, and every touch by which they reached a lead."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.sources import Source
from revops.foundation.ids import encode, new_id


class CampaignKind(models.TextChoices):
    WEBINAR = "webinar", _("Webinar")
    CONTENT = "content", _("Content")
    SEARCH = "search", _("Paid search")
    SOCIAL = "social", _("Paid social")
    EVENT = "event", _("Event")
    EMAIL = "email", _("E-mail")
    PARTNER = "partner", _("Partner")
    OUTBOUND = "outbound", _("Outbound")
    OTHER = "other", _("Other")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self) -> "CampaignQuerySet":
        """Campaigns that are not put into the archive."""
        return self.filter(archived_at__isnull=True)

    def found(self) -> "CampaignQuerySet":
        """Values of utm_campaign that arrived and that nobody has described yet."""
        return self.running().filter(described_at__isnull=True)


class Campaign(models.Model):
    """A campaign of one source, found again by its utm_campaign or by the patterns in `match`.

    A value that nobody registered becomes a campaign with its first submission; `described_at` is empty until somebody
    says what it is. Each entry of `match` is a mapping of UTM names to patterns, all of which must hold.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=120, help_text=_("The utm_campaign value that marks its visitors."))
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=CampaignKind, default=CampaignKind.OTHER)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget_minor = models.BigIntegerField(null=True, blank=True, help_text=_("In the smallest unit of the currency."))
    currency = models.CharField(max_length=3, blank=True)
    match = models.JSONField(default=list, blank=True, help_text=_("Patterns of UTM values that belong to it."))
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    described_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: found in traffic only."))
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="a_source_names_a_campaign_once"),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True)
                | models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="a_campaign_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(budget_minor__isnull=True)
                | (models.Q(budget_minor__gte=0) & ~models.Q(currency="")),
                name="a_budget_names_its_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("campaign", self.id)


class Touch(models.Model):
    """The UTM of one submission of a lead, kept for life; `campaign` is what they were last resolved to."""

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="touches", db_index=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="touches", db_index=False
    )
    submission_id = models.UUIDField(unique=True)
    touched_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty for undated history."))
    utm = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "touched_at"], name="touch_lead_time"),
            models.Index(fields=["campaign", "touched_at"], name="touch_campaign_time"),
        ]
