"""Content assets: what people read and watch, whom it is for, and whom it reached."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class AssetKind(models.TextChoices):
    EBOOK = "ebook", _("E-book")
    WHITEPAPER = "whitepaper", _("White paper")
    BLOG = "blog", _("Blog article")
    WEBINAR = "webinar", _("Webinar")
    CASE_STUDY = "case_study", _("Case study")
    TOOL = "tool", _("Tool")
    VIDEO = "video", _("Video")
    PRODUCT = "product", _("Product page")
    OTHER = "other", _("Other")


class Audience(models.TextChoices):
    DECISION_MAKERS = "decision_makers", _("Decision makers")
    RECOMMENDERS = "recommenders", _("People who recommend")
    USERS = "users", _("People who would use it")
    EVERYBODY = "everybody", _("Everybody")


class AssetLevel(models.TextChoices):
    INTRODUCTION = "introduction", _("Introduction")
    PRACTICE = "practice", _("For practitioners")
    DECISION = "decision", _("For a decision")


COLD_AFTER_DAYS: dict[str, int] = {
    AssetKind.EBOOK: 91,
    AssetKind.WHITEPAPER: 91,
    AssetKind.WEBINAR: 91,
    AssetKind.TOOL: 91,
}
"""After so many days a touch of it is cold, unless somebody says otherwise: three months for what is downloaded."""

USUALLY_COLD_AFTER_DAYS = 182


class Asset(models.Model):
    """One piece of content, recognised by the addresses at which people see it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=AssetKind, default=AssetKind.OTHER)
    topic = models.CharField(max_length=64, blank=True)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.EVERYBODY)
    level = models.CharField(max_length=16, choices=AssetLevel, default=AssetLevel.INTRODUCTION)
    url_patterns = ArrayField(models.CharField(max_length=300), default=list)
    cold_after_days = models.PositiveSmallIntegerField(help_text=_("A touch older than this says nothing any more."))
    checks = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)
    counted_to = models.DateTimeField(null=True, blank=True, help_text=_("Acts received until then are counted."))

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cold_after_days__gt=0), name="an_asset_grows_cold_some_day"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("asset", self.id)


class AssetReach(models.Model):
    """That a lead saw an asset: when first and when last (empty if no act says when). Counted from signals."""

    id = models.BigAutoField(primary_key=True)
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="reach", db_index=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="asset_reach")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "lead"], name="an_asset_reaches_a_lead_once")]
