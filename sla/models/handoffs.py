"""Hand-offs: the moments a lead becomes sales' to answer, and who got it and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class HandOffState(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    RETURNED = "returned", _("Returned to nurture")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class HandOffQuerySet(models.QuerySet["HandOff"]):
    def open(self) -> HandOffQuerySet:
        return self.filter(state=HandOffState.OPEN)

    def unrouted(self) -> HandOffQuerySet:
        """Open hand-offs that nobody could take, oldest first."""
        return self.open().filter(owner__isnull=True).order_by("handed_off_at", "id")

    def in_queue_order(self) -> HandOffQuerySet:
        """Deadline first (so breaches lead), then tier, then priority, then the oldest."""
        return self.order_by("due_at", "tier", "-priority", "id")


class HandOff(models.Model):
    """One lead given to sales once. `due_at` is the earliest deadline of sales' clocks; the queue reads it.

    Tier and priority are those of the moment. The answer is written by compare-and-set on `state`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="handoffs", db_index=False)
    number = models.PositiveSmallIntegerField(help_text=_("1 for the first hand-off of this lead."))
    tier = models.SmallIntegerField()
    priority = models.IntegerField()
    qualified_at = models.DateTimeField()
    handed_off_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="handoffs",
        db_index=False,
        help_text=_("Empty while nobody could take it."),
    )
    unrouted_reason = models.CharField(max_length=200, blank=True)
    alarmed_at = models.DateTimeField(null=True, blank=True, help_text=_("When managers were told that nobody has it."))
    state = models.CharField(max_length=12, choices=HandOffState, default=HandOffState.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="answered_handoffs",
        db_index=False,
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=200, blank=True)
    score_decision = models.ForeignKey(
        "scoring.ScoreDecision", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cause_kind = models.CharField(max_length=32, help_text=_("What qualified it: submission, signal, rulebook …"))
    cause_id = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = HandOffQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["owner", "due_at", "tier", "-priority", "id"],
                condition=Q(state="open"),
                name="handoff_queue",
            ),
            models.Index(
                fields=["handed_off_at"],
                condition=Q(state="open", owner__isnull=True),
                name="handoff_unrouted",
            ),
            models.Index(fields=["-handed_off_at"], name="handoff_newest"),
            models.Index(fields=["owner", "-answered_at"], name="handoff_owner_answered"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(state="open"), name="one_open_handoff_per_lead"),
            models.UniqueConstraint(fields=["lead", "number"], name="a_handoff_of_a_lead_is_numbered_once"),
            models.CheckConstraint(condition=Q(state__in=HandOffState.values), name="a_handoff_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True) | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="an_answered_handoff_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until__isnull=True)
                | Q(due_at__isnull=True)
                | Q(snoozed_until__lte=F("due_at"))
                | ~Q(snooze_reason=""),
                name="a_snooze_past_the_deadline_has_a_reason",
            ),
            models.CheckConstraint(condition=~Q(cause_kind=""), name="a_handoff_has_a_cause"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("handoff", self.id)


class AssignmentKind(models.TextChoices):
    AUTO = "auto", _("By routing")
    MANUAL = "manual", _("By a person")
    REASSIGN = "reassign", _("Reassigned")


class Assignment(models.Model):
    """Who got a hand-off, or why nobody did. Append-only.

    `trace` holds, in the order of `turn.roster`, the first test each candidate failed, and `owed` the balances before
    a turn; `routing.read_trace` turns both into words.
    """

    id = models.BigAutoField(primary_key=True)
    handoff = models.ForeignKey(HandOff, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="assignments",
        db_index=False,
    )
    kind = models.CharField(max_length=12, choices=AssignmentKind)
    assigned_at = models.DateTimeField()
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200)
    turn = models.ForeignKey(
        "sla.TurnEntry", null=True, blank=True, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    trace = models.JSONField(default=dict)
    owed = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-assigned_at"], name="assignment_user_time")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AssignmentKind.values), name="an_assignment_is_of_a_known_kind")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"
