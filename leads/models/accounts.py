"""What sales knows about a company beyond its facts: how it decides, and what it should be called about."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class AccountDynamics(models.Model):
    """What goes on inside: who must agree, what is in the way, and when they talk about it next."""

    account = models.OneToOneField("leads.Account", primary_key=True, on_delete=models.CASCADE, related_name="dynamics")
    must_agree = models.CharField(max_length=300, blank=True)
    blocker = models.CharField(max_length=300, blank=True)
    next_on = models.DateField(null=True, blank=True)
    next_what = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(next_what="") | Q(next_on__isnull=False), name="a_next_internal_step_has_a_date"
            )
        ]


class SurgeRule(models.Model):
    """When several people of one company make a surge. One row counts: the newest."""

    id = models.BigAutoField(primary_key=True)
    people = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(2), MaxValueValidator(50)])
    signals = models.PositiveSmallIntegerField(default=4, validators=[MinValueValidator(2), MaxValueValidator(500)])
    days = models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1), MaxValueValidator(90)])
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(people__gte=2, signals__gte=2, days__gte=1), name="a_surge_takes_more_than_one"
            )
        ]


class TaskState(models.TextChoices):
    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    DISMISSED = "dismissed", _("Dismissed")


class AccountTask(models.Model):
    """Several people of one account became active at once: somebody should speak with the company."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey("leads.Account", on_delete=models.PROTECT, related_name="tasks")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="account_tasks"
    )
    people = ArrayField(models.UUIDField(), help_text=_("Who was active, the most active first."))
    topics = ArrayField(models.CharField(max_length=120), default=list)
    signals = models.PositiveIntegerField()
    window_from = models.DateTimeField()
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True, help_text=_("What came of it."))

    class Meta:
        indexes = [
            models.Index(fields=["state", "-opened_at", "-id"], name="account_tasks"),
            models.Index(fields=["account", "-opened_at"], name="tasks_of_an_account"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="open"), name="an_account_has_one_open_surge"
            ),
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="an_account_task_has_a_state"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_closed_account_task_says_when",
            ),
            models.CheckConstraint(condition=~Q(state="dismissed") | ~Q(note=""), name="a_dismissed_task_says_why"),
        ]

    @property
    def public_id(self) -> str:
        return encode("task", self.id)
