"""Contests: what one team says is wrong, and what a judge of the other team decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id
from sla.models import ClauseSide


class ContestAbout(models.TextChoices):
    SCORE = "score", _("Score")
    TIER = "tier", _("Tier")
    ROUTE = "route", _("Route")
    BREACH = "breach", _("Breach")
    DUPLICATE = "duplicate", _("Duplicate match")
    REJECTION = "rejection", _("Rejection")


class Contest(models.Model):
    """One contest. Append-only; its verdict is a row of its own.

    `subject_id` is the score decision, assignment, clock, submission outcome or disposition that is contested, as text;
    `key` names the rule, clause or reason behind it, so that rules that are often wrong can be found. `side` is whose
    contest it is; the judge is of the other team, and `judge_reason` says why this one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    about = models.CharField(max_length=10, choices=ContestAbout)
    subject_id = models.CharField(max_length=64)
    key = models.CharField(max_length=80, blank=True)
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="contests")
    handoff = models.ForeignKey(
        "sla.HandOff", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decision = models.ForeignKey(
        "scoring.ScoreDecision", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    clock = models.ForeignKey("sla.Clock", null=True, blank=True, on_delete=models.PROTECT, related_name="contests")
    disposition = models.ForeignKey(
        "feedback.Disposition", null=True, blank=True, on_delete=models.PROTECT, related_name="contests"
    )
    assignment = models.ForeignKey(
        "sla.Assignment", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    wrong = models.CharField(max_length=32, help_text=_("What is wrong, by its code."))
    words = models.TextField(blank=True)
    side = models.CharField(max_length=12, choices=ClauseSide)
    contested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="contests")
    concerns = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text=_("Whose work it is about: told of the verdict, and credited back."),
    )  # fmt: skip
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="contests_to_judge")
    judge_reason = models.CharField(max_length=200)
    contested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    judges_clock = models.ForeignKey(
        "sla.Clock", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-contested_at", "-id"]
        indexes = [
            models.Index(fields=["judge", "due_at"], name="contest_judge_due"),
            models.Index(fields=["-contested_at", "-id"], name="contest_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["about", "subject_id", "side"], name="a_thing_is_contested_once_by_a_side"),
            models.CheckConstraint(condition=Q(about__in=ContestAbout.values), name="a_contest_is_about_a_known_thing"),
            models.CheckConstraint(condition=~Q(judge=F("contested_by")), name="nobody_judges_their_own_contest"),
            models.CheckConstraint(condition=Q(side__in=ClauseSide.values), name="a_contest_is_of_a_known_side"),
            models.CheckConstraint(condition=~Q(wrong=""), name="a_contest_says_what_is_wrong"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("contest", self.id)


class ContestVerdict(models.Model):
    """What the judge decided, in words. Append-only; one per contest."""

    contest = models.OneToOneField(Contest, primary_key=True, on_delete=models.PROTECT, related_name="verdict")
    is_upheld = models.BooleanField()
    words = models.TextField()
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    effects = models.JSONField(default=list, help_text=_("What followed from it, by code."))

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="a_verdict_has_words")]

    def __str__(self) -> str:
        return str(_("Upheld") if self.is_upheld else _("Dismissed"))


class CorrectedExample(models.Model):
    """A label that an upheld contest put right, for tuning. Append-only.

    `aspect` is what was labelled wrongly: `rejected` (a rejection that should not have been), `tier` or `score` (of
    the decision), `duplicate`; `said` and `right` are the labels before and after (`right` is empty where only the
    error is known).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contest = models.OneToOneField(Contest, on_delete=models.PROTECT, related_name="example")
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="corrected_examples")
    decision = models.ForeignKey(
        "scoring.ScoreDecision", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    aspect = models.CharField(max_length=10)
    key = models.CharField(max_length=80, blank=True)
    said = models.CharField(max_length=80)
    right = models.CharField(max_length=80, blank=True)
    corrected_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.aspect}: {self.said} → {self.right or '?'}"
