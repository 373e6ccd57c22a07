"""Business calendars and their immutable versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class Calendar(models.Model):
    """When a team or a person works, by name. What the name means is in its newest version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="a_calendar_name_is_used_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("calendar", self.id)


class CalendarVersion(models.Model):
    """One meaning of a calendar. Append-only: a clock keeps the version it started under.

    `spec` is what `business_time.CalendarSpec` reads: weekly windows, and the days that are off with their names,
    worked out once when the version was made.
    """

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions", db_index=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField()
    zone = models.CharField(max_length=64, help_text=_("IANA name, like Europe/Berlin."))
    spec = models.JSONField()
    country = models.CharField(max_length=2, blank=True, help_text=_("Whose public holidays were taken."))
    region = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["calendar", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "version"], name="a_calendar_version_is_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.version}"


class TeamCalendar(models.Model):
    """The hours of a team: whoever joins routing from it keeps them, unless they have their own."""

    team = models.OneToOneField(
        "foundation.Team", primary_key=True, on_delete=models.CASCADE, related_name="business_calendar"
    )
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="teams")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.team}: {self.calendar}"
