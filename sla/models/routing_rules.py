"""Versions of the territory and segment rules."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class RoutingRules(models.Model):
    """One version of all territory and segment rules, in their order. Append-only; the newest counts.

    `rules` is what `territories.read_rules` reads. Each assignment names the version it was made under.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(unique=True)
    rules = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True, help_text=_("What changed, in words."))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = _("routing rules")

    def __str__(self) -> str:
        return str(_("Routing rules v%(version)s") % {"version": self.version})

    @property
    def public_id(self) -> str:
        return encode("routing", self.id)
