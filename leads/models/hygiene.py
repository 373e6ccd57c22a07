"""Hygiene rules as data: what they look for, in one sentence, and what a hit does."""

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
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.sentence
