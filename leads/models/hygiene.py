"""Hygiene rules as data: what they look for, in one sentence, and what a hit does; addresses that bounced."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HygieneAction(models.TextChoices):
    QUARANTINE = "quarantine", _("Quarantine")
    FLAG = "flag", _("Flag only")
    REFUSE = "refuse", _("Refuse")


class HygieneRule(models.Model):
    """One check of the gate. The check itself is code (`leads.hygiene.CHECKS`); whether and how it acts is data."""

    code = models.SlugField(primary_key=True, max_length=64)
    sentence = models.CharField(max_length=200)
    action = models.CharField(max_length=16, choices=HygieneAction)
    is_active = models.BooleanField(default=True)
    terms = models.JSONField(default=list, blank=True, help_text=_("Own domains, competitors, phrases …"))
    allowed = models.JSONField(
        default=list, blank=True, help_text=_("Domains, companies, titles and words this rule lets pass.")
    )
    position = models.PositiveSmallIntegerField(default=100)
    version = models.PositiveIntegerField(default=1, help_text=_("Counts its changes: two people see each other."))

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.sentence


class BounceOrigin(models.TextChoices):
    """Who told us that mail to an address comes back."""

    SALES = "sales", _("Sales rejected the lead for it")
    API = "api", _("A mail system, over the API")
    PAGE = "page", _("A person, on the page of the gate")
    MAIL = "mail", _("A mail that came back to the mailbox")


class BouncedAddress(models.Model):
    """An address whose mail came back: kept as its SHA-256, so that the list outlives nobody's erasure."""

    digest = models.CharField(primary_key=True, max_length=64)
    domain = models.CharField(max_length=255, help_text=_("The part after the @; says nothing about who it was."))
    origin = models.CharField(max_length=8, choices=BounceOrigin)
    bounced_at = models.DateTimeField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        indexes = [models.Index(fields=["-bounced_at"], name="bounce_newest")]

    def __str__(self) -> str:
        return f"…@{self.domain}"
