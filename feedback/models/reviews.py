"""The weekly revenue review: a frozen snapshot and the decisions taken over it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class Review(models.Model):
    """One week's review. `snapshot` is written once, when the week is frozen, with the hash that proves it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    week_on = models.DateField(unique=True, help_text=_("Monday of the week."))
    snapshot = models.JSONField()
    snapshot_hash = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering = ["-week_on"]


class Direction(models.TextChoices):
    UP = "up", _("Up")
    DOWN = "down", _("Down")


class Answer(models.TextChoices):
    DONE = "done", _("Done")
    NOT_DONE = "not_done", _("Not done")
    DROPPED = "dropped", _("Dropped")


class ReviewDecision(models.Model):
    """A decision recorded at a review: owner, date, metric, expected direction; answered at a later review."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    week_on = models.DateField(db_index=True, help_text=_("Monday of the week it was taken."))
    text = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_decisions")
    due_on = models.DateField()
    metric = models.CharField(max_length=48, help_text=_("Key of the metric it should move."))
    direction = models.CharField(max_length=8, choices=Direction)
    baseline = models.FloatField(null=True, blank=True, help_text=_("The metric in the week of the decision."))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=Answer, blank=True)
    answer_note = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due_on", "id"]
