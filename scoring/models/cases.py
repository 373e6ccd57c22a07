"""The past as backtests and rescoring read it: one narrow row for each case, its facts in columns of many cases."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class CaseKind(models.IntegerChoices):
    """A hand-off and an answered lead of history are past; `LEAD` is a running lead as it stands now."""

    HAND_OFF = 1, _("Hand-off")
    HISTORY = 2, _("History")
    LEAD = 3, _("Lead as it stands")


class CaseAnswer(models.IntegerChoices):
    NONE = 0, _("No answer")
    ACCEPTED = 1, _("Accepted")
    REJECTED = 2, _("Rejected")
    RETURNED = 3, _("Returned to nurture")


class CaseResult(models.IntegerChoices):
    NONE = 0, _("Open")
    WON = 1, _("Won")
    LOST = 2, _("Lost")


class CaseChunk(models.Model):
    """Many cases packed as columns. `version` names one writing of the facts, `labels_version` one of the labels.

    `dead` lists places whose case moved to another chunk or is gone. `since` says since when each kind of signal is
    seen: {kind: day number}. Versions are drawn by chance, so that no two writings are ever taken for one.
    """

    is_past = models.BooleanField()
    n = models.PositiveIntegerField()
    version = models.UUIDField(default=new_id)
    labels_version = models.UUIDField(default=new_id)
    dead = ArrayField(models.IntegerField(), default=list)
    since = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.n} cases"


class CaseColumn(models.Model):
    """One column of one chunk, or of a sample of it, as `scoring.backtest.columns` wrote it."""

    id = models.BigAutoField(primary_key=True)
    chunk = models.ForeignKey(CaseChunk, on_delete=models.CASCADE, related_name="columns", db_index=False)
    is_sample = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chunk", "is_sample", "name"], name="a_chunk_has_a_column_once")]

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """One lead as it stood at one moment, with what became of it. Labels are written down to it by feedback.

    `handoff_id` is the hand-off's id on the floor above. `waits` means that its facts are not packed yet;
    `is_relabelled` that what the chunk says became of it is out of date and this row counts.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.SmallIntegerField(choices=CaseKind)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="cases", db_index=False)
    handoff_id = models.UUIDField(null=True, blank=True)
    decision = models.ForeignKey(
        "scoring.ScoreDecision", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    at = models.DateTimeField(null=True, blank=True, help_text=_("When it was handed off; empty if undated."))
    source_id = models.UUIDField()
    rep_id = models.UUIDField(null=True, blank=True)
    answer = models.SmallIntegerField(choices=CaseAnswer, default=CaseAnswer.NONE)
    reason = models.CharField(max_length=48, blank=True)
    was_met = models.BooleanField(default=False)
    has_opportunity = models.BooleanField(default=False)
    result = models.SmallIntegerField(choices=CaseResult, default=CaseResult.NONE)
    pipeline = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    revenue = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    was_shown = models.BooleanField(default=False, help_text=_("Sales saw the lead at least once."))
    waits = models.BooleanField(default=True)
    is_relabelled = models.BooleanField(default=False)
    is_narrow = models.BooleanField(default=False, help_text=_("Only what the rulebook of then asked is known."))
    chunk = models.ForeignKey(
        CaseChunk, null=True, blank=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    place = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lead"], name="case_lead"),
            models.Index(fields=["id"], condition=Q(waits=True), name="case_waits"),
            models.Index(fields=["id"], condition=Q(is_relabelled=True), name="case_relabelled"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["handoff_id"], name="a_handoff_is_one_case"),
            models.UniqueConstraint(fields=["lead"], condition=Q(kind=2), name="a_lead_of_history_is_one_case"),
            models.UniqueConstraint(fields=["lead"], condition=Q(kind=3), name="a_lead_stands_in_one_place"),
            models.CheckConstraint(condition=Q(kind__in=CaseKind.values), name="a_case_is_of_a_known_kind"),
            models.CheckConstraint(
                condition=(Q(kind=1) & Q(handoff_id__isnull=False)) | (~Q(kind=1) & Q(handoff_id__isnull=True)),
                name="a_case_of_a_handoff_names_it",
            ),
            models.CheckConstraint(
                condition=Q(chunk__isnull=True, place__isnull=True) | Q(chunk__isnull=False, place__isnull=False),
                name="a_packed_case_has_a_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class CaseMark(models.Model):
    """A lead whose facts changed since it was packed. Only added, and removed when the lead is packed anew."""

    id = models.BigAutoField(primary_key=True)
    lead_id = models.UUIDField()

    def __str__(self) -> str:
        return f"Mark {self.pk}"
