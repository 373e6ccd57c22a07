"""Why sales says no: two levels, each code with the one fact that proves it."""

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _


class RootCause(models.TextChoices):
    TARGETING = "targeting", _("Targeting")
    RULES = "rules", _("Rules")
    MESSAGING = "messaging", _("Messaging")


class EvidenceKind(models.TextChoices):
    """What the evidence field of a code asks for."""

    TEXT = "text", _("A sentence")
    DATE = "date", _("A date")
    PERSON = "person", _("A name or role")
    NUMBER = "number", _("A number")
    ACCOUNT = "account", _("A company")
    FIELD = "field", _("Which field is wrong")
    LEAD = "lead", _("The other lead")
    ATTEMPTS = "attempts", _("Counted from the attempts")


class ReasonFamily(models.Model):
    """First level; `digit` is its key on the reject sheet and never moves."""

    code = models.SlugField(primary_key=True, max_length=32)
    label = models.CharField(max_length=80)
    digit = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        ordering = ["digit"]
        verbose_name_plural = "reason families"

    def __str__(self) -> str:
        return self.label

    @property
    def public_digit(self) -> str:
        """Its key on the sheet: ten is the key 0."""
        return str(self.digit % 10)


class ReasonCode(models.Model):
    """Second level: a specific reason, who can mend its cause, and what happens to the lead."""

    code = models.SlugField(primary_key=True, max_length=48)
    family = models.ForeignKey(ReasonFamily, on_delete=models.PROTECT, related_name="codes")
    label = models.CharField(max_length=120)
    digit = models.PositiveSmallIntegerField(help_text=_("Its key within the family."))
    evidence_kind = models.CharField(max_length=16, choices=EvidenceKind)
    evidence_question = models.CharField(max_length=160)
    root_cause = models.CharField(max_length=16, choices=RootCause)
    mended_by = models.CharField(max_length=16, choices=[("marketing", _("Marketing")), ("sales", _("Sales"))])
    consequence = models.CharField(max_length=160, help_text=_("What happens to the lead, shown before pressing."))
    wakes_days_before = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Recycle: wake this many days before the date given as evidence.")
    )
    wakes_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Recycle: wake this many days after the rejection.")
    )
    criterion = models.CharField(
        max_length=64, blank=True, help_text=_("The matrix attribute it refers to; empty means a criteria gap.")
    )
    is_creditable = models.BooleanField(default=True, help_text=_("Gives the rep's turn back."))
    is_active = models.BooleanField(default=True, help_text=_("A retired reason stays readable where it was given."))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["family__digit", "digit", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["family", "digit"],
                condition=models.Q(is_active=True),
                name="a_digit_picks_one_reason_of_a_family",
            ),
            models.CheckConstraint(
                condition=models.Q(wakes_days_before__isnull=True) | models.Q(wakes_after_days__isnull=True),
                name="a_reason_wakes_by_one_rule",
            ),
            models.CheckConstraint(
                condition=models.Q(wakes_days_before__isnull=True) | models.Q(evidence_kind="date"),
                name="only_a_date_can_be_woken_before",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def public_digit(self) -> str:
        """Its key within the family: ten is the key 0."""
        return str(self.digit % 10)

    @property
    def recycle(self) -> str:
        """How the lead comes back, in words."""
        if self.wakes_days_before is not None:
            return _now("Nurture until %(days)d days before that date") % {"days": self.wakes_days_before}
        if self.wakes_after_days is not None:
            return _now("Nurture for %(days)d days") % {"days": self.wakes_after_days}
        return _now("Back to sales only with a new strong act")

    @property
    def is_dated(self) -> bool:
        """Whether a rejection for it says when to look again, so that it is “not now” rather than “no”."""
        return self.wakes_days_before is not None or self.wakes_after_days is not None

    @property
    def is_outside_criteria(self) -> bool:
        """Whether a rejection for it is a criteria gap."""
        return not self.criterion
