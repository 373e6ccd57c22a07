"""Hosted lead forms: what they ask, what became of those who opened them, and who was asked one thing more."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.consents import ConsentPurpose
from revops.foundation.ids import new_id


class FormState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    ARCHIVED = "archived", _("Archived")


class LeadForm(models.Model):
    """A form served at /f/<slug>/: which facts it asks, which signal a post is, and whose lead it makes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    intro = models.TextField(blank=True)
    source = models.ForeignKey("leads.Source", on_delete=models.PROTECT, related_name="forms")
    signal_kind = models.ForeignKey("leads.SignalKind", on_delete=models.PROTECT, related_name="forms")
    topic = models.CharField(max_length=64, blank=True)
    campaign_key = models.CharField(max_length=120, blank=True, help_text=_("Of posts that carry no utm_campaign."))
    fields = models.JSONField(help_text=_("Ordered field names, each with whether it is required."))
    version = models.PositiveIntegerField(default=1, help_text=_("Counts the changes of its questions."))
    consent_text = models.TextField(blank=True)
    consent_is_required = models.BooleanField(default=True)
    consent_purpose = models.CharField(max_length=16, choices=ConsentPurpose, default=ConsentPurpose.CONTACT)
    needs_confirmation = models.BooleanField(default=False, help_text=_("Double opt-in: a link by e-mail comes first."))
    confirm_days = models.PositiveSmallIntegerField(default=7, help_text=_("How long that link works."))
    asks_next = models.BooleanField(default=False, help_text=_("Asks people it knows for one fact more."))
    thanks = models.TextField(default="", blank=True)
    redirect_url = models.URLField(max_length=500, blank=True)
    allowed_sites = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, help_text=_("Origins that may frame it; * is any.")
    )
    state = models.CharField(max_length=16, choices=FormState, default=FormState.OPEN)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=FormState.values), name="a_form_is_in_a_known_state"),
            models.CheckConstraint(
                condition=models.Q(confirm_days__gte=1, confirm_days__lte=60), name="a_confirmation_waits_1_to_60_days"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == FormState.OPEN


class FormVersion(models.Model):
    """The questions of a form at one time: what it costs to ask one is seen by comparing versions."""

    id = models.BigAutoField(primary_key=True)
    form = models.ForeignKey(LeadForm, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    fields = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "version"], name="a_version_of_a_form_is_kept_once"),
        ]


class FormTally(models.Model):
    """How often a version of a form was opened and sent on one day (UTC). Counted up, never down."""

    id = models.BigAutoField(primary_key=True)
    form = models.ForeignKey(LeadForm, on_delete=models.CASCADE, related_name="tallies")
    version = models.PositiveIntegerField()
    on = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0, help_text=_("Posts that were sent back to be corrected."))
    turned_away = models.PositiveIntegerField(default=0, help_text=_("Posts beyond the limit."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "version", "on"], name="a_form_is_tallied_once_a_day"),
        ]


class ProfileAsk(models.Model):
    """One fact that a known person was asked for after a form, once; answered, or left open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    form = models.ForeignKey(LeadForm, on_delete=models.CASCADE, related_name="asks")
    person = models.ForeignKey("leads.Person", on_delete=models.CASCADE, related_name="asks")
    question = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    skipped_at = models.DateTimeField(null=True, blank=True)
    submission_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["form", "question"], name="profile_ask_question")]
        constraints = [
            models.UniqueConstraint(fields=["person", "question"], name="a_person_is_asked_a_question_once"),
        ]


class Confirmation(models.Model):
    """A submission that waits until the owner of its address confirms it (double opt-in)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    submission = models.OneToOneField("leads.Submission", on_delete=models.PROTECT, related_name="confirmation")
    form = models.ForeignKey(LeadForm, on_delete=models.PROTECT, related_name="confirmations")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sends = models.PositiveSmallIntegerField(default=1)
    last_sent_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["expires_at"], condition=models.Q(confirmed_at__isnull=True), name="confirmations_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("asked_at")), name="a_confirmation_ends_after_it_began"
            ),
        ]
