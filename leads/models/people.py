"""People and the companies they work for."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id
from revops.foundation.models.fields import CaseInsensitiveTextField


class Account(models.Model):
    """The company. Found again by domain, else by normalised name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=300)
    normalised_name = models.CharField(max_length=300, blank=True)
    domain = CaseInsensitiveTextField(null=True, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text=_("ISO 3166 alpha-2."))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(
                fields=["normalised_name"],
                opclasses=["gin_trgm_ops"],
                name="account_name_trigrams",
            ),
            models.Index(fields=["normalised_name"], name="account_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(domain__isnull=False),
                name="a_domain_belongs_to_one_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(email__isnull=False),
                name="an_email_belongs_to_one_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Full name, else e-mail, else a placeholder; never empty."""
        return person_name(self.first_name, self.last_name, self.email)


def person_name(first_name: str, last_name: str, email: str | None) -> str:
    """What to call a person of whom these facts are known; never empty."""
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
