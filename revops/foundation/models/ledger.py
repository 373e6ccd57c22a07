"""The audit ledger: who did what to what, when and why. Rows are only ever added."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class LedgerEntry(models.Model):
    """One act. Refers to what it touched by kind and id, and never holds personal data."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=120, help_text=_("The person's name then, or the machine's"))
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    cause = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = (
            models.CheckConstraint(condition=~Q(actor_label=""), name="every_entry_names_who_acted"),
            models.CheckConstraint(condition=~Q(action=""), name="every_entry_names_what_was_done"),
        )
        indexes = (
            models.Index(fields=["subject_kind", "subject_id", "id"], name="entries_about_a_subject"),
            models.Index(fields=["actor", "id"], condition=Q(actor__isnull=False), name="entries_by_a_person"),
            BrinIndex(fields=["occurred_at"], name="entries_of_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action} {self.subject_kind}"
