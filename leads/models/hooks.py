"""Inbound webhooks: systems that post to us in their own shape, and each thing that they posted."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class HookScheme(models.TextChoices):
    """How a sender proves who it is."""

    ADDRESS = "address", _("A secret in the address")
    HMAC = "hmac", _("HMAC-SHA256 of the body in a header")
    STANDARD = "standard", _("Standard Webhooks")
    GITHUB = "github", _("X-Hub-Signature-256, as GitHub does")
    BASIC = "basic", _("Name and password (Basic)")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Taken")
    FAILED = "failed", _("Failed")


class InboundHook(models.Model):
    """One sender: its address, how it signs, and how what it sends becomes submissions. Secrets are sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, related_name="hooks")
    scheme = models.CharField(max_length=16, choices=HookScheme)
    secret = models.TextField(help_text=_("Sealed."))
    previous_secret = models.TextField(blank=True, help_text=_("Sealed; works until `previous_until`."))
    previous_until = models.DateTimeField(null=True, blank=True)
    signature_header = models.CharField(max_length=80, default="X-Signature")
    timestamp_header = models.CharField(max_length=80, blank=True)
    id_header = models.CharField(max_length=80, blank=True, help_text=_("Holds the sender's id of the event."))
    id_pointer = models.CharField(max_length=300, blank=True, help_text=_("Where the body holds that id."))
    items_pointer = models.CharField(max_length=300, blank=True)
    unpacks = models.BooleanField(default=False, help_text=_("The body holds a list; each entry is a submission."))
    mapping = models.JSONField(default=list, help_text=_("Rows of target with pointer or constant."))
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    received = models.PositiveBigIntegerField(default=0)
    repeats = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0, help_text=_("Posts whose sender was not proved."))
    last_received_at = models.DateTimeField(null=True, blank=True)
    last_refused_at = models.DateTimeField(null=True, blank=True)
    last_refusal = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scheme__in=HookScheme.values), name="a_hook_signs_in_a_known_way"
            ),
            models.CheckConstraint(
                condition=models.Q(previous_secret="") | models.Q(previous_until__isnull=False),
                name="an_old_secret_of_a_hook_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("hook", self.id)


class HookDelivery(models.Model):
    """One post of a sender, kept raw before it is read; the last ones are the samples for its mapping.

    `body` is emptied after some weeks: what became of it stays.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    hook = models.ForeignKey(InboundHook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    sender_key = models.CharField(max_length=200, null=True, blank=True)
    received_at = models.DateTimeField()
    content_type = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    submission_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["hook", "-received_at", "-id"], name="hook_delivery_newest"),
            models.Index(fields=["received_at"], condition=models.Q(state="waiting"), name="hook_deliveries_waiting"),
            models.Index(fields=["hook"], condition=models.Q(state="failed"), name="hook_deliveries_failed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["hook", "sender_key"],
                condition=models.Q(sender_key__isnull=False),
                name="a_sender_delivers_an_event_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="a_delivery_is_in_a_known_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error=""), name="a_failed_delivery_says_why"
            ),
        ]

    @property
    def public_id(self) -> str:
        return encode("delivery", self.id)
