"""How people want to be told: their settings, chat channels, and lines that wait for a digest."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id
from revops.foundation.models.outbox import Channel, OutboxMessage
from revops.foundation.models.people import Team


class Cadence(models.TextChoices):
    INSTANT = "instant", _("At once")
    HOURLY = "hourly", _("Hourly digest")
    DAILY = "daily", _("Daily digest")
    OFF = "off", _("Off")


PERSONAL_CHANNELS = (Channel.IN_APP, Channel.EMAIL, Channel.CHAT)
"""The channels on which a person is told something."""


class NoticeSetting(models.Model):
    """How one person is told of one kind of event on one channel, where that differs from the role's default."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_settings", db_index=False
    )
    kind = models.CharField(max_length=64)
    channel = models.CharField(max_length=10, choices=[(one.value, one.label) for one in PERSONAL_CHANNELS])
    cadence = models.CharField(max_length=8, choices=Cadence)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="a_notice_setting_is_made_once"),
            models.CheckConstraint(condition=Q(cadence__in=Cadence.values), name="a_notice_has_a_known_cadence"),
            models.CheckConstraint(
                condition=Q(channel__in=PERSONAL_CHANNELS), name="a_person_is_told_on_a_personal_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.channel}: {self.cadence}"


class NoticePreference(models.Model):
    """What holds for all notices of one person. Without a row the defaults hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="notice_preference"
    )
    keeps_quiet = models.BooleanField(
        _("Quiet outside my working hours"),
        default=True,
        help_text=_("E-mail and chat wait until your working hours begin, and come as one digest."),
    )
    most_an_hour = models.PositiveSmallIntegerField(
        _("At most so many at once per hour and channel"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(200)],
        help_text=_("The rest comes with the next hourly digest."),
    )
    digest_hour = models.PositiveSmallIntegerField(
        _("Hour of the daily digest"), default=8, validators=[MaxValueValidator(23)], help_text=_("In your time zone.")
    )
    wants_digest_mail = models.BooleanField(_("Digests by e-mail"), default=True)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(most_an_hour__gte=1, most_an_hour__lte=200), name="a_person_is_told_at_most_200_an_hour"
            ),
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="a_digest_leaves_at_an_hour_of_the_day"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class ChatEndpoint(models.Model):
    """A chat channel of a person or of a team. Its address is a secret: kept sealed, only the host is shown."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="chat_endpoint"
    )
    team = models.OneToOneField(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="chat_endpoint")
    sealed_url = models.TextField()
    host = models.CharField(max_length=253)
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, team__isnull=False) | Q(user__isnull=False, team__isnull=True),
                name="a_chat_channel_is_of_a_person_or_a_team",
            ),
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def public_id(self) -> str:
        return encode("chat", self.id)


class DigestLine(models.Model):
    """One thing to tell that waits for a digest. `message` is the digest it went out with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=[(one.value, one.label) for one in PERSONAL_CHANNELS])
    kind = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    text = models.TextField()
    url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    message = models.ForeignKey(OutboxMessage, null=True, on_delete=models.SET_NULL, related_name="lines")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True), name="lines_waiting_for_a_digest")
        ]

    def __str__(self) -> str:
        return self.text
