"""Where leads come from."""

from datetime import datetime

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
    exception_until = models.DateTimeField(
        null=True, blank=True, help_text=_("A purchased list that an executive lets in until then.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def is_refused(self, now: datetime) -> bool:
        """Whether it is a purchased list that nobody made an exception for."""
        return self.kind == SourceKind.PURCHASED and (self.exception_until is None or self.exception_until <= now)


class SourceException(models.Model):
    """An executive's word that a purchased list is let in for a while. Append-only but for its early end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="exceptions")
    reason = models.CharField(max_length=300)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("Taken back before its end."))

    class Meta:
        ordering = ["-granted_at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="an_exception_of_a_source_says_why"),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("granted_at")), name="an_exception_of_a_source_ends"
            ),
        ]
