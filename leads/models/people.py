"""People and the companies they work for."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id
from revops.foundation.models.fields import CaseInsensitiveTextField


class AccountQuerySet(models.QuerySet["Account"]):
    def standing(self) -> "AccountQuerySet":
        """Accounts that are not merely another name of one."""
        return self.filter(merged_into__isnull=True)


class Account(models.Model):
    """The company. Found again by domain, else by normalised name, also by those of accounts merged into it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=300)
    normalised_name = models.CharField(max_length=300, blank=True)
    domain = CaseInsensitiveTextField(null=True, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text=_("ISO 3166 alpha-2."))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    territory = models.CharField(max_length=80, blank=True, help_text=_("Empty: as the routing rules say."))
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        db_index=False,
        help_text=_("Who owns it."),
    )
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="aliases",
        db_index=False,
        help_text=_("The same company: this row only keeps another name or domain of it."),
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AccountQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(
                fields=["normalised_name"],
                opclasses=["gin_trgm_ops"],
                name="account_name_trigrams",
            ),
            models.Index(fields=["normalised_name"], name="account_name"),
            BrinIndex(fields=["updated_at"], name="account_changed", pages_per_range=32, autosummarize=True),
            models.Index(fields=["parent"], condition=models.Q(parent__isnull=False), name="account_parent"),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="account_aliases"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(domain__isnull=False),
                name="a_domain_belongs_to_one_account",
            ),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")) & ~models.Q(parent=models.F("id")),
                name="an_account_is_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("account", self.id)


class Person(models.Model):
    """Somebody with a possible need. The only place of their name, address and number; erasable."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="people")
    email = CaseInsensitiveTextField(null=True, blank=True)
    phone = models.CharField(max_length=20, null=True, blank=True, help_text=_("E.164."))
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300, blank=True)
    seniority = models.CharField(max_length=16, blank=True, help_text=_("Read from the title; empty if unknown."))
    function = models.CharField(max_length=16, blank=True, help_text=_("Read from the title; empty if unknown."))
    purchasing_role = models.CharField(max_length=32, blank=True, help_text=_("Their part in the decision, as stated."))
    country = models.CharField(max_length=2, blank=True)
    city = models.CharField(max_length=120, blank=True)
    flags = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        help_text=_("Hygiene flags."),
    )
    do_not_contact = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged_people",
        db_index=False,
        help_text=_("The same person: whoever finds this row goes on there."),
    )
    also = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text=_("Everybody merged into this person, at any remove.")
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["phone"],
                condition=models.Q(phone__isnull=False),
                name="person_phone",
            ),
            BrinIndex(fields=["updated_at"], name="person_changed", pages_per_range=32, autosummarize=True),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="person_merged"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(email__isnull=False),
                name="an_email_belongs_to_one_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="a_person_is_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("person", self.id)

    @property
    def everybody(self) -> list[UUID]:
        """The ids under which this person's acts are written: their own, and of those merged into them."""
        return [self.id, *self.also]

    @property
    def name(self) -> str:
        """Full name, else e-mail, else a placeholder; never empty."""
        return person_name(self.first_name, self.last_name, self.email, self.erased_at)


def person_name(first_name: str, last_name: str, email: str | None, erased_at: datetime | None = None) -> str:
    """What to call a person of whom these facts are known; never empty."""
    if erased_at is not None:
        return str(_("Erased person"))
    return f"{first_name} {last_name}".strip() or email or str(_("Unnamed person"))


class PersonIdentity(models.Model):
    """An id under which another system knows a person: (source, external id)."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    system = models.CharField(max_length=64, help_text=_("Key of the source that gave the id."))
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="an_external_id_names_one_person"),
        ]
