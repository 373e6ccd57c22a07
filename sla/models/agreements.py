"""The signed agreement between marketing and sales, and its clauses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class AgreementState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    SUPERSEDED = "superseded", _("Superseded")


class ClauseSide(models.TextChoices):
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


class Measure(models.TextChoices):
    CLOCK = "clock", _("Clock")
    COUNT = "count", _("Count")


class Agreement(models.Model):
    """One version of what both sides promise. Once live the database refuses every change but its state."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=12, choices=AgreementState, default=AgreementState.DRAFT)
    calendar = models.ForeignKey(
        "sla.Calendar",
        on_delete=models.PROTECT,
        related_name="agreements",
        help_text=_("Counts business time where nobody in particular is responsible yet."),
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    summary = models.CharField(max_length=300, blank=True, help_text=_("Why there is a new version, in words."))
    revision = models.PositiveIntegerField(
        default=1, help_text=_("Counts the changes of its clauses; the database counts, and signatures name theirs.")
    )
    takes_effect_on = models.DateField(
        null=True, blank=True, help_text=_("Not before this day; empty: as soon as both sides signed.")
    )
    reminded_at = models.DateTimeField(null=True, blank=True, help_text=_("When both heads were told of the review."))
    effective_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="live"), name="one_agreement_is_live"),
            models.CheckConstraint(
                condition=Q(state__in=AgreementState.values), name="an_agreement_is_in_a_known_state"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", effective_at__isnull=True)
                | (~Q(state="draft") & Q(effective_at__isnull=False)),
                name="an_agreement_that_counts_took_effect",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Agreement v%(version)s") % {"version": self.version})

    @property
    def public_id(self) -> str:
        return encode("agreement", self.id)


class AgreementSignature(models.Model):
    """One head's yes to one draft. Append-only; two different people sign."""

    id = models.BigAutoField(primary_key=True)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=12, choices=ClauseSide)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="agreement_signatures")
    signed_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64, help_text=_("SHA-256 of the clauses as they were when signed."))
    revision = models.PositiveIntegerField(default=1, help_text=_("Of the clauses; written by the database."))

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "side", "revision"], name="each_side_signs_a_revision_once"),
            models.UniqueConstraint(fields=["agreement", "user", "revision"], name="two_people_sign_a_revision"),
            models.CheckConstraint(condition=Q(side__in=ClauseSide.values), name="a_head_signs_for_a_known_side"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.user}"


class RemarkKind(models.TextChoices):
    COMMENT = "comment", _("Comment")
    DECLINE = "decline", _("Declined")


class AgreementRemark(models.Model):
    """What somebody said about a draft; a head who declines says why. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="remarks")
    kind = models.CharField(max_length=8, choices=RemarkKind)
    side = models.CharField(max_length=12, choices=ClauseSide, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    said_at = models.DateTimeField()
    revision = models.PositiveIntegerField(help_text=_("Of the clauses it was said about."))

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RemarkKind.values), name="a_remark_is_of_a_known_kind"),
            models.CheckConstraint(condition=~Q(text=""), name="a_remark_says_something"),
            models.CheckConstraint(condition=~Q(kind="decline") | ~Q(side=""), name="who_declines_has_a_side"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.user}"


class Clause(models.Model):
    """One commitment of one side: with a clock (`promise`) or a count (`target`, `unit`).

    The clauses of a live or superseded agreement cannot change: the database refuses.
    """

    id = models.BigAutoField(primary_key=True)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="clauses", db_index=False)
    code = models.SlugField(max_length=48)
    side = models.CharField(max_length=12, choices=ClauseSide)
    text = models.CharField(max_length=300)
    measure = models.CharField(max_length=8, choices=Measure)
    promise = models.DurationField(null=True, blank=True)
    business_time = models.BooleanField(default=False, help_text=_("The promise counts business time only."))
    target = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["side", "position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "code"], name="an_agreement_has_a_clause_once"),
            models.CheckConstraint(condition=Q(side__in=ClauseSide.values), name="a_clause_is_of_a_known_side"),
            models.CheckConstraint(
                condition=Q(measure="clock", promise__isnull=False) | Q(measure="count", promise__isnull=True),
                name="a_clock_clause_has_a_promise",
            ),
        ]

    def __str__(self) -> str:
        return self.code
