"""API keys, and the answers kept so that a repeated request has one effect."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class ApiKey(models.Model):
    """A machine's way in. Only a digest of the secret is kept; during a rotation the digest of the old one too."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    public_id = models.CharField(max_length=10, editable=False)
    secret_sha256 = models.BinaryField(max_length=32)
    previous_secret_sha256 = models.BinaryField(max_length=32, null=True)
    previous_expires_at = models.DateTimeField(null=True)
    previous_last_used_at = models.DateTimeField(null=True)
    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys")
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    requires_idempotency_key = models.BooleanField(default=False)
    requests_per_minute = models.PositiveIntegerField(null=True, help_text=_("Empty: as everybody"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = (
            models.UniqueConstraint(fields=["public_id"], name="a_public_id_belongs_to_one_api_key"),
            models.CheckConstraint(
                condition=Q(previous_secret_sha256__isnull=True) | Q(previous_expires_at__isnull=False),
                name="an_old_secret_has_an_end",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="an_api_key_expires_later"),
        )
        indexes = (
            models.Index(fields=["expires_at"], condition=Q(revoked_at__isnull=True), name="api_keys_by_expiry"),
        )

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class IdempotencyState(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")


class IdempotencyKey(models.Model):
    """One keyed write of one principal and the answer it got. The row commits together with the effect."""

    principal_id = models.UUIDField(help_text=_("The API key, or the person of a browser session"))
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    state = models.CharField(max_length=7, choices=IdempotencyState.choices, default=IdempotencyState.RUNNING)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    locked_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = (
            models.UniqueConstraint(
                fields=["principal_id", "key", "method", "route"], name="a_key_names_one_write_of_one_principal"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(status__isnull=False, body__isnull=False),
                name="a_finished_write_keeps_its_answer",
            ),
        )
        indexes = (models.Index(fields=["created_at"], name="idempotency_keys_by_age"),)

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.key}"
