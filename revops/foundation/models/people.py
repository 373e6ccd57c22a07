"""Teams and the people (and machines) who sign in."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.timezone import now as current_time
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id
from revops.foundation.models.fields import CaseInsensitiveEmailField


class Side(models.TextChoices):
    SALES = "sales", _("Sales")
    MARKETING = "marketing", _("Marketing")
    REVOPS = "revops", _("RevOps")


class Role(models.TextChoices):
    REP = "rep", _("Sales rep")
    MARKETER = "marketer", _("Marketer")
    SALES_MANAGER = "sales_manager", _("Sales manager")
    MARKETING_MANAGER = "marketing_manager", _("Marketing manager")
    ADMIN = "admin", _("RevOps admin")
    EXECUTIVE = "executive", _("Executive")
    INTEGRATION = "integration", _("Integration")


class Shortcuts(models.TextChoices):
    ON = "on", _("On")
    OFF = "off", _("Off")
    ALT = "alt", _("Only with Alt")


class Theme(models.TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


@cache
def _known_timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_timezone(name: str) -> None:
    """Raises ValidationError unless `name` is a zone of the IANA time zone database."""
    if name not in _known_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like Europe/Berlin."),
            code="unknown_timezone",
            params={"name": name},
        )


class Team(models.Model):
    """People who work under one manager for one side of the agreement."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    side = models.CharField(_("side"), max_length=12, choices=Side.choices)
    manager = models.ForeignKey(
        "foundation.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("manager"),
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_timezone])

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = (
            models.UniqueConstraint(
                fields=["name"],
                name="a_team_name_is_used_once",
                violation_error_message=_("Another team has this name. Choose a different one."),
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="a_team_is_on_a_known_side"),
        )

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A saved user; without a password, one who cannot sign in with a password."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("role", Role.ADMIN)
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody, or some machine (role integration), that acts in the portal. What they may do follows from the role."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = CaseInsensitiveEmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_timezone])
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    shortcuts = models.CharField(_("keyboard shortcuts"), max_length=3, choices=Shortcuts.choices, default=Shortcuts.ON)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    date_joined = models.DateTimeField(_("joined"), default=current_time)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ("name", "email")
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = (
            models.UniqueConstraint(
                fields=["email"],
                name="an_email_address_belongs_to_one_user",
                violation_error_message=_("Somebody else has this e-mail address."),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a_user_has_a_known_role"),
            models.CheckConstraint(
                condition=Q(shortcuts__in=Shortcuts.values), name="shortcuts_are_on_off_or_with_alt"
            ),
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="a_theme_is_auto_light_or_dark"),
        )
        indexes = (models.Index(fields=["team"], condition=Q(is_active=True), name="active_users_of_a_team"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def is_machine(self) -> bool:
        return self.role == Role.INTEGRATION
