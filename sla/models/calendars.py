"""Business calendars and their immutable versions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class Calendar(models.Model):
    """When a team or a person works, by name. What the name means is in its newest version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="a_calendar_name_is_used_once")]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One meaning of a calendar. Append-only: a clock keeps the version it started under.

    `spec` is what `business_time.CalendarSpec` reads: weekly windows, and the days that are off with their names,
    worked out once when the version was made.
    """

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions", db_index=False)
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
