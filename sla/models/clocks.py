"""Clocks: one running promise each."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id

from .agreements import ClauseSide


class ClockQuerySet(models.QuerySet["Clock"]):
    def open(self) -> ClockQuerySet:
        return self.filter(met_at__isnull=True, cancelled_at__isnull=True)

    def counted(self) -> ClockQuerySet:
        """Clocks that count for or against a side: not taken back by an undo, not called off in time, not excused."""
        return self.filter(replaced_by__isnull=True, excuse__isnull=True).exclude(cancelled_at__lte=F("due_at"))

    def late(self, now: object) -> ClockQuerySet:
        """Clocks whose promise was or is broken at `now`: a comparison, nobody's opinion."""
        return self.alias(
            judged_at=Coalesce(
                "paused_at", "met_at", "cancelled_at", models.Value(now, output_field=models.DateTimeField())
            )
        ).filter(due_at__lt=F("judged_at"))


class Clock(models.Model):
    """One promise of one clause about one lead. Its state is read from its instants, never stored.

    A closed clock (met or cancelled) cannot change: the database refuses. An answer that is undone, and a change of
    the agreement or a calendar, start a new clock that `replaces` the closed one. Cancelling after the deadline does
    not hide that it was missed. A clock that is closed while it is paused keeps `paused_at`: the time after that was
    never counted. `look_at` only spares the ladder clocks on which no step can be due: whatever changes a clock, or the
    hands of its hand-off, empties it in the database.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clause = models.ForeignKey("sla.Clause", on_delete=models.PROTECT, related_name="clocks", db_index=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="clocks", db_index=False)
    handoff = models.ForeignKey("sla.HandOff", null=True, blank=True, on_delete=models.PROTECT, related_name="clocks")
    side = models.CharField(max_length=12, choices=ClauseSide)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clocks",
        help_text=_("Who is responsible; empty if the side as a whole is."),
    )
    calendar_version = models.ForeignKey(
        "sla.CalendarVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clocks",
        db_index=False,
        help_text=_("Whose hours count; empty for plain time."),
    )
    away = ArrayField(
        models.DateTimeField(),
        default=list,
        blank=True,
        help_text=_("Absences that moved the deadline: from, until, from, until …"),
    )
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True, blank=True)
    met_by_kind = models.CharField(max_length=32, blank=True)
    met_by_id = models.CharField(max_length=64, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_total = models.DurationField(default=timedelta, help_text=_("Of its own kind of time."))
    look_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the ladder has to look at it again; empty: at the next sweep.")
    )
    late_reason = models.CharField(max_length=300, blank=True)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")

    objects = ClockQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["clause", "due_at"], name="clock_clause_due"),
            models.Index(
                fields=["due_at"], condition=Q(met_at__isnull=True, cancelled_at__isnull=True), name="clock_open_due"
            ),
            models.Index(fields=["lead", "started_at"], name="clock_lead"),
            models.Index(
                fields=["look_at"],
                condition=Q(met_at__isnull=True, cancelled_at__isnull=True, paused_at__isnull=True),
                name="clock_to_look_at",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "clause", "handoff"],
                condition=Q(met_at__isnull=True, cancelled_at__isnull=True),
                nulls_distinct=False,
                name="one_open_clock_per_lead_clause_and_handoff",
            ),
            models.CheckConstraint(condition=Q(side__in=ClauseSide.values), name="a_clock_is_of_a_known_side"),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | Q(met_at__gte=F("started_at")), name="a_clock_is_met_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | Q(cancelled_at__isnull=True), name="a_clock_closes_one_way"
            ),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | ~Q(met_by_kind=""), name="a_met_clock_names_its_evidence"
            ),
            models.CheckConstraint(
                condition=Q(warn_at__gte=F("started_at")) & Q(due_at__gte=F("warn_at")), name="a_clock_warns_before_due"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("clock", self.id)


class ClockEventKind(models.TextChoices):
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")


class ClockEvent(models.Model):
    """One stop or start of a running clock, and why. Append-only: what a deadline was worked out from stays known."""

    id = models.BigAutoField(primary_key=True)
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=8, choices=ClockEventKind)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ClockEventKind.values), name="a_clock_event_is_of_a_known_kind")
        ]

    def __str__(self) -> str:
        return f"{self.clock_id}: {self.get_kind_display()}"
