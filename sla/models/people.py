"""Who can take leads: weights, capacity, absences, and the balance of turns."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class RepProfile(models.Model):
    """How routing sees one person. Empty `countries` or `tiers` means all of them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.PROTECT, related_name="rep_profile"
    )
    weight = models.PositiveSmallIntegerField(default=1, help_text=_("Turns relative to the others."))
    capacity = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Most unanswered hand-offs at one time; empty for no limit.")
    )
    calendar = models.ForeignKey("sla.Calendar", on_delete=models.PROTECT, related_name="rep_profiles")
    is_routable = models.BooleanField(default=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    tiers = ArrayField(models.SmallIntegerField(), default=list, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(weight__gte=1), name="a_rep_has_a_weight")]

    def __str__(self) -> str:
        return str(self.user)


class AbsenceKind(models.TextChoices):
    LEAVE = "leave", _("Leave")
    SICK = "sick", _("Sick")
    TRAINING = "training", _("Training")
    OTHER = "other", _("Other")


class Absence(models.Model):
    """A time in which somebody neither gets leads nor runs business time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=AbsenceKind, default=AbsenceKind.LEAVE)
    event = models.CharField(max_length=200, blank=True, help_text=_("Which event of an .ics file it came from."))
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_user_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="an_absence_ends_later"),
            models.UniqueConstraint(
                fields=["user", "event"], condition=~Q(event=""), name="an_event_is_one_absence_of_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"

    @property
    def public_id(self) -> str:
        return encode("absence", self.id)


class TurnBalances(models.Model):
    """Turns that people are owed (above zero) or ahead (below), in units: one row for all, and they sum to zero.

    One row, because a turn changes the balance of everybody who could have taken it, and because whoever deals
    turns holds it until they are dealt.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    people = ArrayField(models.UUIDField(), default=list)
    balances = ArrayField(models.BigIntegerField(), default=list)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="all_balances_stand_in_one_row"),
            models.CheckConstraint(condition=Q(people__len=F("balances__len")), name="everybody_has_one_balance"),
        ]

    def __str__(self) -> str:
        return f"{len(self.people)}"


class RosterStamp(models.Model):
    """Changes with everything routing keeps in memory: people, profiles, absences, calendars, rules.

    The database sets it, whoever writes those. A stamp is never used twice.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    stamp = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_stamp")]

    def __str__(self) -> str:
        return str(self.stamp)


class TurnReason(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned")
    CREDIT_BACK = "credit_back", _("Turn credited back")
    CHARGED_AGAIN = "charged_again", _("Credit taken back")


class TurnEntry(models.Model):
    """What one batch of decisions did to the balances. Append-only; `deltas` sum to zero.

    `roster` names the people who could be looked at, in the order in which `deltas` and the traces of the
    assignments of this batch list them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(max_length=16, choices=TurnReason)
    decided_at = models.DateTimeField()
    turns = models.PositiveIntegerField()
    roster = ArrayField(models.UUIDField())
    deltas = ArrayField(models.BigIntegerField())
    handoff = models.ForeignKey(
        "sla.HandOff",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="turn_entries",
        help_text=_("Whose turn was credited back or charged again; empty for a batch of assignments."),
    )

    class Meta:
        indexes = [models.Index(fields=["-decided_at"], name="turn_entry_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=TurnReason.values), name="a_turn_has_a_reason"),
            models.CheckConstraint(
                condition=Q(reason="assigned") | Q(handoff__isnull=False), name="a_credit_names_its_handoff"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.turns}"
