"""The journal: everything received, kept raw before anything is decided, with exactly one outcome that counts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class Channel(models.TextChoices):
    FORM = "form", _("Web form")
    API = "api", _("API")
    IMPORT = "import", _("Import")
    WEBHOOK = "webhook", _("Webhook")
    EMAIL = "email", _("E-mail")
    COMMAND = "command", _("Command")


class OutcomeKind(models.TextChoices):
    """What became of a submission. The first four are the right side of the conservation equation."""

    NEW = "new", _("New lead")
    ATTACHED = "attached", _("Attached to a lead")
    QUARANTINED = "quarantined", _("Quarantined")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def with_outcome(self) -> "SubmissionQuerySet":
        """Adds `outcome`, `outcome_rule`, `outcome_detail` and `outcome_lead_id`: the latest decision, if any."""
        latest = SubmissionOutcome.objects.filter(submission=models.OuterRef("pk")).order_by("-pk")
        return self.annotate(
            outcome=models.Subquery(latest.values("kind")[:1]),
            outcome_rule=models.Subquery(latest.values("rule")[:1]),
            outcome_detail=models.Subquery(latest.values("detail")[:1]),
            outcome_lead_id=models.Subquery(latest.values("lead_id")[:1]),
        )

    def quarantined(self) -> "SubmissionQuerySet":
        """Submissions that wait in quarantine now."""
        later = SubmissionOutcome.objects.filter(submission=models.OuterRef("pk"), replaces=OutcomeKind.QUARANTINED)
        return self.filter(outcomes__kind=OutcomeKind.QUARANTINED).exclude(models.Exists(later))


class Submission(models.Model):
    """One raw thing received. Append-only; its personal content lives in `SubmissionBody`, which can be erased."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=16, choices=Channel)
    external_id = models.CharField(max_length=200, blank=True, help_text=_("The sender's own id."))
    dedupe_key = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        help_text=_("Same source and key means the same thing sent twice."),
    )
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True, blank=True, help_text=_("When it happened, if the sender knows."))
    is_history = models.BooleanField(default=False, help_text=_("Past facts: they never start a live clock."))
    job_id = models.UUIDField(null=True, blank=True, help_text=_("The import that brought it."))
    line = models.PositiveIntegerField(null=True, blank=True, help_text=_("Line of the imported file."))
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
    )

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["received_at", "source"], name="submission_received"),
            models.Index(
                fields=["job_id", "line"],
                condition=models.Q(job_id__isnull=False),
                name="submission_job",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "dedupe_key"],
                condition=models.Q(dedupe_key__isnull=False),
                name="a_source_sends_a_thing_once",
            ),
        ]

    @property
    def receipt(self) -> str:
        """The id a sender can look up."""
        return encode("sub", self.id)


class SubmissionBody(models.Model):
    """What was sent, word for word: `payload` when it parsed, `raw` when it did not. Erasable."""

    submission = models.OneToOneField(Submission, primary_key=True, on_delete=models.PROTECT, related_name="body")
    payload = models.JSONField(null=True)
    raw = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)


class SubmissionOutcome(models.Model):
    """What was decided about a submission. Append-only; the latest row counts, on the day of receipt.

    `replaces` names the kind of the outcome before it (empty for the first), so that a sum over kinds minus a sum
    over replaced kinds is the current count without looking for the latest row.
    """

    id = models.BigAutoField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=16, choices=OutcomeKind)
    replaces = models.CharField(max_length=16, choices=OutcomeKind, blank=True)
    decided_at = models.DateTimeField()
    lead = models.ForeignKey(
        "leads.Lead",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="submission_outcomes",
    )
    rule = models.CharField(max_length=64, blank=True, help_text=_("Hygiene rule that decided, if one did."))
    detail = models.CharField(max_length=500, blank=True, help_text=_("Why, in words for the sender."))
    flags = ArrayField(models.CharField(max_length=64), default=list, blank=True, help_text=_("Rules that only flag."))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
    )

    class Meta:
        indexes = [models.Index(fields=["kind", "-id"], name="submission_outcome_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"],
                condition=models.Q(replaces=""),
                name="a_submission_has_one_first_outcome",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["new", "attached"]) | models.Q(lead__isnull=False),
                name="an_admitted_submission_names_its_lead",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["quarantined", "refused"]) | ~models.Q(detail=""),
                name="a_stopped_submission_says_why",
            ),
        ]


class PendingSubmission(models.Model):
    """A journalled submission whose processing failed; the sweep finishes it and removes the row."""

    submission = models.OneToOneField(Submission, primary_key=True, on_delete=models.PROTECT, related_name="pending")
    error = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(db_index=True)
