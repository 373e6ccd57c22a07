"""Messages that wait to leave the house, and the notices that people find in the portal."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class Channel(models.TextChoices):
    WEBHOOK = "webhook", _("Webhook")
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Chat")
    IN_APP = "in_app", _("In the portal")


class MessageState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERING = "delivering", _("Being delivered")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class OutboxMessage(models.Model):
    """One thing to tell one recipient over one channel, written in the transaction that caused it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64, help_text=_("The event, in the past tense, like lead.accepted"))
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    recipient = models.CharField(
        max_length=320, blank=True, help_text=_("User id (in the portal), address (e-mail), endpoint (webhook, chat)")
    )
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    last_error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        constraints = (
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="a_message_goes_by_a_known_channel"),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="a_message_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(available_at__gte=F("created_at")), name="a_message_never_leaves_before_it_was_written"
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.DELIVERING, lease_token__isnull=False, locked_until__isnull=False)
                | (~Q(state=MessageState.DELIVERING) & Q(lease_token__isnull=True, locked_until__isnull=True)),
                name="only_a_message_being_delivered_is_leased",
            ),
        )
        indexes = (
            models.Index(fields=["available_at"], condition=Q(state="waiting"), name="messages_waiting_to_leave"),
            models.Index(fields=["locked_until"], condition=Q(state="delivering"), name="messages_being_delivered"),
            models.Index(
                fields=["subject_kind", "subject_id"], condition=Q(state="waiting"), name="messages_waiting_by_subject"
            ),
            models.Index(
                fields=["recipient", "created_at"],
                condition=Q(channel__in=["email", "chat"]),
                name="messages_to_somebody",
            ),
            models.Index(fields=["-finished_at"], condition=Q(state="failed"), name="messages_given_up"),
        )

    def __str__(self) -> str:
        return f"{self.kind} → {self.channel} {self.recipient}"


class Notice(models.Model):
    """What somebody is told inside the portal. One per delivered message."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    message = models.OneToOneField(OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="notice")
    kind = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    text = models.TextField()
    url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = (
            models.Index(fields=["user", "-created_at"], condition=Q(read_at__isnull=True), name="unread_notices"),
            models.Index(
                fields=["subject_id", "created_at"], condition=Q(kind="lead.assigned"), name="notices_of_a_new_lead"
            ),
        )

    def __str__(self) -> str:
        return self.text
