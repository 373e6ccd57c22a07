"""Files people import: the upload, the run with its mapping and counts, remembered mappings, rows that need mending."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id

UNDO_WITHIN = timedelta(days=7)


class LegalBasis(models.TextChoices):
    """Why we may hold these people's data; a person states it for every import."""

    CONSENT = "consent", _("They gave their consent")
    LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest: they contacted us or do business with us")
    CONTRACT = "contract", _("A contract, or steps towards one that they asked for")


class ImportKind(models.TextChoices):
    LEADS = "leads", _("Leads")
    OUTCOMES = "outcomes", _("Deals and other outcomes")


class ImportFile(models.Model):
    """One uploaded file, kept as it came so that a run can be resumed and its report reproduced."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    path = models.CharField(max_length=400, help_text=_("Below the directory of uploads."))
    shape = models.JSONField(default=dict, help_text=_("How to read it, as found out and confirmed."))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One import of one file, from the upload to its report. How far it is follows from its jobs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=ImportKind, default=ImportKind.LEADS)
    file = models.ForeignKey(ImportFile, on_delete=models.PROTECT, related_name="runs")
    source = models.ForeignKey("leads.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="imports")
    campaign = models.CharField(max_length=120, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    key_column = models.CharField(
        max_length=200, blank=True, help_text=_("For outcomes: the column that holds the id of the lead.")
    )
    is_history = models.BooleanField(default=False)
    legal_basis = models.CharField(max_length=32, choices=LegalBasis, blank=True)
    shape_confirmed_at = models.DateTimeField(null=True, blank=True)
    dry_run_id = models.UUIDField(null=True, blank=True, help_text=_("The job that tries it without writing."))
    dry_counts = models.JSONField(default=dict, blank=True)
    job_id = models.UUIDField(null=True, blank=True, unique=True, help_text=_("The job that imports it."))
    counts = models.JSONField(default=dict, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True, help_text=_("Too many bad rows: nothing of it is let in."))
    hold = models.JSONField(default=dict, blank=True, help_text=_("What was counted: judged, bad, by rule."))
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    release_reason = models.CharField(max_length=300, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True, help_text=_("Put away unimported; it cannot start."))
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Opened by a system: must start before; empty for people.")
    )
    expired_at = models.DateTimeField(null=True, blank=True, help_text=_("Open for too long; its owner was told."))
    undo_job_id = models.UUIDField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at", "id"], name="import_run_newest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(job_id__isnull=True)
                | (models.Q(source__isnull=False) & ~models.Q(legal_basis="") & ~models.Q(mapping={})),
                name="an_import_starts_with_source_mapping_and_legal_basis",
            ),
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True) | models.Q(job_id__isnull=False),
                name="only_a_started_import_is_undone",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True)
                | (~models.Q(release_reason="") & models.Q(held_at__isnull=False)),
                name="a_held_list_is_released_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file.name} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def public_id(self) -> str:
        return encode("imp", self.id)


class SavedMapping(models.Model):
    """The mapping people last confirmed for files with these columns."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    signature = models.CharField(max_length=64, unique=True, help_text=_("Of the set of column names."))
    mapping = models.JSONField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ImportRowError(models.Model):
    """Something wrong with a row, in words. `stops` if the row was not let in because of it. Erasable.

    `code` names the rule of the gate, or what is wrong with the row or the cell.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="errors")
    is_dry_run = models.BooleanField()
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=500)
    stops = models.BooleanField()
    is_quarantined = models.BooleanField(default=False, help_text=_("It waits in quarantine; else it is refused."))
    original = models.JSONField(help_text=_("The cells of the row, as they stood in the file."))

    class Meta:
        indexes = [models.Index(fields=["run", "is_dry_run", "line"], name="import_error_line")]


class ImportEdit(models.Model):
    """A cell that a person corrected before the import. The file itself stays as it came. Erasable."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="edits")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=200)
    value = models.TextField(blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    edited_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "line", "column"], name="a_cell_is_corrected_once_an_import"),
        ]
