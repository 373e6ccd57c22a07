"""Sales' answer to a hand-off, with its reason and evidence."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class DispositionKind(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    RETURNED = "returned", _("Returned to nurture")
    UNDONE = "undone", _("Undone")


class DispositionQuerySet(models.QuerySet["Disposition"]):
    def standing(self) -> "DispositionQuerySet":
        """Answers that nobody took back. As NOT EXISTS: a join that finds nothing misleads the planner."""
        return self.filter(~Exists(Disposition.objects.filter(undoes=OuterRef("pk"))))


class Disposition(models.Model):
    """One answer. Append-only; an undo is a further row that names the answer it takes back.

    History has answers without a hand-off, and undated history answers without `decided_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="dispositions")
    handoff = models.ForeignKey(
        "sla.HandOff", null=True, blank=True, on_delete=models.PROTECT, related_name="dispositions"
    )
    kind = models.CharField(max_length=16, choices=DispositionKind)
    reason = models.ForeignKey("feedback.ReasonCode", null=True, blank=True, on_delete=models.PROTECT)
    evidence = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True)
    second_look = models.CharField(
        max_length=300, blank=True, help_text=_("What the second look found, where one was asked for.")
    )
    track = models.ForeignKey("feedback.NurtureTrack", null=True, blank=True, on_delete=models.PROTECT)
    wakes_on = models.DateField(null=True, blank=True, help_text=_("Not now: looked at again on this day."))
    undoes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    decided_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    decision_ms = models.PositiveIntegerField(null=True, blank=True, help_text=_("Card shown to decision."))
    is_history = models.BooleanField(default=False)

    objects = DispositionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "decided_at"], name="disposition_kind_time"),
            models.Index(fields=["user", "decided_at"], name="disposition_user_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="rejected")
                | (models.Q(reason__isnull=False) & models.Q(evidence__regex=r"\S")),
                name="a_rejection_has_a_reason_and_its_evidence",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="undone", undoes__isnull=False)
                | (~models.Q(kind="undone") & models.Q(undoes__isnull=True)),
                name="an_undo_names_what_it_takes_back",
            ),
            models.CheckConstraint(
                condition=models.Q(is_history=True)
                | (models.Q(decided_at__isnull=False) & models.Q(user__isnull=False)),
                name="a_live_answer_has_a_time_and_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(track__isnull=True) | models.Q(kind="returned"),
                name="only_a_return_names_a_track",
            ),
        ]
