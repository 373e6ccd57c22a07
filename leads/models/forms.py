"""Hosted lead forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class LeadForm(models.Model):
    """A form served at /f/<slug>/: which facts it asks, which signal a post is, and whose lead it makes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    intro = models.TextField(blank=True)
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, related_name="forms")
    signal_kind = models.ForeignKey("leads.SignalKind", on_delete=models.PROTECT, related_name="forms")
    topic = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(help_text=_("Ordered field names, each with whether it is required."))
    consent_text = models.TextField(blank=True)
    thanks = models.TextField(default="", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
