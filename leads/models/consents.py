"""The consent ledger: which words were shown, who agreed to them when and how, and who took it back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.submissions import Channel
from revops.foundation.ids import encode, new_id


class ConsentPurpose(models.TextChoices):
    CONTACT = "contact", _("Answer their request")
    NEWS = "news", _("Send news and offers")


class ConsentKind(models.TextChoices):
    """`ASKED` waits for the person to confirm the address; only `GIVEN` allows anything."""

    ASKED = "asked", _("Asked to confirm")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class ConsentChannel(models.TextChoices):
    FORM = Channel.FORM.value, _("Web form")
    API = Channel.API.value, _("API")
    IMPORT = Channel.IMPORT.value, _("Import")
    WEBHOOK = Channel.WEBHOOK.value, _("Webhook")
    EMAIL = Channel.EMAIL.value, _("E-mail")
    COMMAND = Channel.COMMAND.value, _("Command")
    LINK = "link", _("Link in a mail")
    PERSON = "person", _("A colleague wrote it down")
    SYSTEM = "system", _("By itself")


class ConsentWording(models.Model):
    """Words that people were shown, word for word. Append-only; `key` is the form, or who else shows them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="a_wording_has_one_number"),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class ConsentEvent(models.Model):
    """One thing that happened to a person's consent. Append-only: the latest of a purpose counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("leads.Person", on_delete=models.PROTECT, related_name="consents", db_index=False)
    kind = models.CharField(max_length=16, choices=ConsentKind)
    purpose = models.CharField(max_length=16, choices=ConsentPurpose)
    channel = models.CharField(max_length=16, choices=ConsentChannel)
    source = models.ForeignKey("leads.Source", null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    wording = models.ForeignKey(ConsentWording, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    submission_id = models.UUIDField(null=True, blank=True, help_text=_("The receipt that proves it."))
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["person", "purpose", "-id"], name="consent_latest"),
            models.Index(fields=["-recorded_at", "-id"], name="consent_newest"),
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="consent_expiring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ConsentKind.values), name="a_consent_is_of_a_known_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=ConsentPurpose.values), name="a_consent_has_a_known_purpose"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="given") | models.Q(wording__isnull=False),
                name="a_given_consent_names_the_words_shown",
            ),
            models.UniqueConstraint(
                fields=["submission_id", "purpose", "kind"],
                condition=models.Q(submission_id__isnull=False),
                name="a_submission_says_a_consent_once",
            ),
        ]

    @property
    def public_id(self) -> str:
        return encode("consent", self.id)

    @property
    def receipt(self) -> str:
        """The receipt of the submission that proves it; empty if it came another way."""
        return encode("sub", self.submission_id) if self.submission_id else ""


class ConsentProof(models.Model):
    """Where and with what a consent was given: the personal part of the proof. Erasable."""

    event = models.OneToOneField(ConsentEvent, primary_key=True, on_delete=models.PROTECT, related_name="proof")
    network = models.CharField(max_length=64, blank=True, help_text=_("The address without its last part."))
    address_digest = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    page = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=500, blank=True)
