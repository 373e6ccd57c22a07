"""What people did, and how we tried to reach them."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class Strength(models.TextChoices):
    HAND_RAISE = "hand_raise", _("Hand-raise")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class SignalKind(models.Model):
    """A kind of act. `is_proven` says its lift was measured and sales confirmed it."""

    id = models.SmallAutoField(primary_key=True)
    code = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120, help_text=_("Past tense, as in: requested a demo."))
    family = models.CharField(max_length=32, help_text=_("Caps add up within a family."))
    strength = models.CharField(max_length=16, choices=Strength)
    is_proven = models.BooleanField(default=False)

    class Meta:
        ordering = ["family", "code"]

    def __str__(self) -> str:
        return self.name


class Signal(models.Model):
    """One observed act. Append-only. Undated acts (`occurred_at` empty) never count in a time window."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("leads.Person", on_delete=models.PROTECT, related_name="signals", db_index=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="signals", db_index=False)
    kind = models.ForeignKey(SignalKind, on_delete=models.PROTECT, db_index=False)
    topic = models.CharField(max_length=64, blank=True)
    quantity = models.PositiveIntegerField(default=1, help_text=_("How often, when a source only sends a total."))
    value = models.IntegerField(
        null=True,
        blank=True,
        help_text=_("Seconds, percent: whatever the kind measures."),
    )
    url = models.CharField(max_length=500, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, db_index=False)
    event_id = models.CharField(
        max_length=120,
        blank=True,
        help_text=_("The sender's id; repeated ids are ignored."),
    )
    submission_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-occurred_at"], name="signal_person_time"),
            models.Index(fields=["lead", "-occurred_at"], name="signal_lead_time"),
            BrinIndex(fields=["received_at"], name="signal_received"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "event_id"],
                condition=~models.Q(event_id=""),
                name="a_source_sends_an_event_once",
            ),
        ]


class AttemptChannel(models.TextChoices):
    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    MESSAGE = "message", _("Message")
    MEETING = "meeting", _("Meeting")


class AttemptResult(models.TextChoices):
    """Attempt, contact and conversation are three different things."""

    NO_ANSWER = "no_answer", _("No answer")
    LEFT_MESSAGE = "left_message", _("Left a message")
    CONTACT = "contact", _("Contact")
    CONVERSATION = "conversation", _("Conversation")


class EvidenceGrade(models.TextChoices):
    A = "A", _("Connected system")
    B = "B", _("Matched mail or calendar")
    C = "C", _("A person's word")


class Attempt(models.Model):
    """One try to reach a lead. Append-only. `recorded_at` can never be moved, so a back-dated entry is visible."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="attempts", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attempts")
    channel = models.CharField(max_length=16, choices=AttemptChannel)
    result = models.CharField(max_length=16, choices=AttemptResult)
    grade = models.CharField(max_length=1, choices=EvidenceGrade, default=EvidenceGrade.C)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    note = models.TextField(blank=True)
    event_id = models.CharField(max_length=120, blank=True)
    is_automatic = models.BooleanField(
        default=False, help_text=_("A bot, a sequence or an auto-reply: kept, and never counted.")
    )

    class Meta:
        indexes = [models.Index(fields=["lead", "occurred_at"], name="attempt_lead_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "event_id"],
                condition=~models.Q(event_id=""),
                name="an_attempt_is_sent_once",
            ),
            models.CheckConstraint(
                condition=models.Q(occurred_at__lte=models.F("recorded_at")),
                name="an_attempt_is_not_in_the_future",
            ),
        ]
