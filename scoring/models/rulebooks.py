"""Rulebooks: versioned sets of qualification rules, who signed them, and what happened to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class RulebookState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    SCHEDULED = "scheduled", _("Scheduled")
    LIVE = "live", _("Live")
    SUPERSEDED = "superseded", _("Superseded")
    REVERTED = "reverted", _("Reverted")
    DISCARDED = "discarded", _("Discarded")


class SigningSide(models.TextChoices):
    """The two sides that must both agree before a rulebook counts."""

    SALES = "sales", _("Sales")
    MARKETING = "marketing", _("Marketing")


class Rulebook(models.Model):
    """One version of the rules. Once published the database refuses every change but its state and its review date.

    `definition` holds rules, caps, disqualifiers, tiers and the signal kinds as they were known when it was written,
    so that a published version means the same for ever. `content_hash` is the SHA-256 of that definition. `based_on`
    is what was live when the draft was made or last brought up to date.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=RulebookState, default=RulebookState.DRAFT)
    definition = models.JSONField()
    content_hash = models.CharField(max_length=64)
    summary = models.CharField(max_length=500, help_text=_("What changes against the version before, and why."))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rulebooks")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    review_by_on = models.DateField(null=True, blank=True)
    based_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="drafts")
    revision = models.PositiveIntegerField(default=1, help_text=_("Counts the times a draft was saved."))
    parked = models.JSONField(default=list, blank=True, help_text=_("Rules switched off in the editor; never signed."))
    evidence = models.JSONField(null=True, blank=True, help_text=_("The backtest that the signers were shown."))
    publish_at = models.DateTimeField(null=True, blank=True, help_text=_("When a scheduled version goes live."))
    emergency_reason = models.CharField(max_length=500, blank=True)
    restores = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("The signed version whose content this one brings back."),
    )  # fmt: skip

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="live"), name="one_rulebook_is_live"),
            models.CheckConstraint(condition=Q(state__in=RulebookState.values), name="a_rulebook_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "review", "scheduled", "discarded"], published_at__isnull=True)
                | Q(state__in=["live", "superseded", "reverted"], published_at__isnull=False),
                name="a_rulebook_that_counts_was_published",
            ),
            models.CheckConstraint(
                condition=~Q(state="live") | Q(superseded_at__isnull=True), name="a_live_rulebook_is_not_superseded"
            ),
            models.CheckConstraint(
                condition=Q(state="scheduled", publish_at__isnull=False) | (~Q(state="scheduled") & Q(publish_at=None)),
                name="a_scheduled_rulebook_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def public_id(self) -> str:
        return encode("rulebook", self.id)


class RulebookRevision(models.Model):
    """A draft as it was saved once, so that a change can be undone and two editors compared. Append-only."""

    id = models.BigAutoField(primary_key=True)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    parked = models.JSONField(default=list)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    saved_at = models.DateTimeField()
    restores = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The revision that an undo brought back.")
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rulebook", "number"], name="a_revision_has_its_own_number")]


class RulebookSignature(models.Model):
    """One side's yes to one exact content. Append-only; a changed draft has another hash and needs new signatures.

    The database refuses a signature of the author and one for another content than the rulebook's.
    """

    id = models.BigAutoField(primary_key=True)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rulebook_signatures")
    side = models.CharField(max_length=12, choices=SigningSide)
    signed_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rulebook", "side", "content_hash"], name="each_side_signs_once"),
            models.UniqueConstraint(fields=["rulebook", "user", "content_hash"], name="two_people_sign"),
            models.CheckConstraint(condition=Q(side__in=SigningSide.values), name="a_signature_is_of_a_known_side"),
        ]


class RulebookAction(models.TextChoices):
    DRAFTED = "drafted", _("Drafted")
    EDITED = "edited", _("Edited")
    REBASED = "rebased", _("Brought up to date")
    ASKED = "asked", _("Review requested")
    SIGNED = "signed", _("Signed")
    DECLINED = "declined", _("Declined")
    DISCARDED = "discarded", _("Discarded")
    SCHEDULED = "scheduled", _("Scheduled")
    UNSCHEDULED = "unscheduled", _("Taken off the schedule")
    PUBLISHED = "published", _("Published")
    KEPT = "kept", _("Reviewed and kept")
    REVERTED = "reverted", _("Reverted")


class RulebookChange(models.Model):
    """One line of the change log that everybody may read. Append-only."""

    id = models.BigAutoField(primary_key=True)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="changes")
    action = models.CharField(max_length=12, choices=RulebookAction)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    changed_at = models.DateTimeField()
    is_emergency = models.BooleanField(default=False, help_text=_("Published or reverted outside the change budget."))
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_emergency=False) | ~Q(reason=""), name="an_emergency_states_its_reason"
            )
        ]


class RulebookEffect(models.Model):
    """What a version changed, so many weeks after it went live: the weeks before beside the weeks after. Append-only.

    `figures` maps a metric's key to `{"before": {"hits", "n", "low", "high"}, "after": {…}}`; shares are 0..1.
    """

    id = models.BigAutoField(primary_key=True)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="effects")
    weeks = models.PositiveSmallIntegerField()
    built_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["rulebook", "weeks"]
        constraints = [models.UniqueConstraint(fields=["rulebook", "weeks"], name="an_effect_is_reported_once")]
