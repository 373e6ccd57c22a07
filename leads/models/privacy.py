"""Requests of people about their own data, addresses that asked for silence, and how long what is kept."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id

ANSWER_WITHIN = timedelta(days=30)
"""A month, by article 12 (3) of the GDPR; counted in days, so that it is never longer than the shortest reading."""


class RequestKind(models.TextChoices):
    EXPORT = "export", _("Export")
    ERASE = "erase", _("Erase")


class RequestState(models.TextChoices):
    OPEN = "open", _("Open")
    ERASING = "erasing", _("Being erased")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


OVER = (RequestState.DONE, RequestState.REFUSED)


class PrivacyRequest(models.Model):
    """One request of one person, due a month after they asked. Erased with the person but for what was decided.

    `asked_about` is the address, number or name they gave, and `note` what they wrote: both go when it is over.
    `person` is empty for somebody of whom we hold nothing but, perhaps, a submission that never became a lead.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=RequestKind)
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.OPEN)
    person = models.ForeignKey(
        "leads.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="privacy_requests"
    )
    asked_about = models.CharField(max_length=320, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    asked_on = models.DateField()
    due_on = models.DateField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    keeps_silence = models.BooleanField(
        default=False, help_text=_("Their address is kept as a keyed hash, to be let alone.")
    )
    job_id = models.UUIDField(null=True, blank=True, help_text=_("The job that erases."))
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    answer = models.CharField(max_length=500, blank=True, help_text=_("What was done, or why it was refused."))
    counts = models.JSONField(default=dict, blank=True, help_text=_("How many rows lost something, by table."))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="privacy_request_newest"),
            models.Index(fields=["due_on"], condition=Q(state__in=["open", "erasing"]), name="privacy_requests_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="a_privacy_request_has_a_kind"),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="a_privacy_request_has_a_state"),
            models.CheckConstraint(condition=Q(due_on__gt=F("asked_on")), name="a_privacy_request_leaves_time"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "erasing"], closed_at__isnull=True)
                | (Q(state__in=["done", "refused"], closed_at__isnull=False) & ~Q(answer="")),
                name="a_closed_privacy_request_says_what_was_answered",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(state__in=["open", "erasing"]),
                name="a_person_asks_for_one_thing_once_at_a_time",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("privacy", self.id)

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def is_overdue(self, today: date) -> bool:
        return not self.is_over and today > self.due_on


class SuppressedAddress(models.Model):
    """An address whose owner asked never to be contacted again: kept only as a hash under this portal's own key."""

    digest = models.CharField(primary_key=True, max_length=64)
    suppressed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.digest[:8]}…"


class RetentionRule(models.Model):
    """How long one kind of personal data is kept; what a code means is code (`revops.portal.privacy.retention`)."""

    code = models.SlugField(primary_key=True, max_length=40)
    is_active = models.BooleanField()
    days = models.PositiveIntegerField()
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=3650), name="retention_is_1_day_to_10_years"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.days}"
