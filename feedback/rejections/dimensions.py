"""What rejections can be split by: how each is grouped, named, written in an address, and found again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncWeek
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedback.metrics import Period, Week, organisation_zone
from leads.models import Campaign, Source
from leads.names import country_name
from revops.foundation.ids import decode, encode
from revops.foundation.models import User

Expression: TypeAlias = Combinable

NONE = "-"
"""The value of a column for leads that have none, for example no campaign."""


class By(StrEnum):
    """What rejections can be split by."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    REP = "rep"
    RULEBOOK = "rulebook"
    COUNTRY = "country"
    WEEK = "week"


LABELS: dict[By, str | Promise] = {
    By.SOURCE: _("Source"),
    By.CAMPAIGN: _("Campaign"),
    By.REP: _("Rep"),
    By.RULEBOOK: _("Rulebook"),
    By.COUNTRY: _("Country"),
    By.WEEK: _("Week"),
}

COUNTRY = Case(
    When(~Q(lead__person__country=""), then=F("lead__person__country")),
    default=Coalesce(F("lead__account__country"), Value("")),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What was asked for: the rejections of a period, of one reason (or any), of one column value (or any)."""

    period: Period
    reason: str = ""
    by: By | None = None
    value: str = ""


def key_of(by: By) -> Expression:
    """What the rows are grouped by."""
    match by:
        case By.SOURCE:
            return F("lead__source__key")
        case By.RULEBOOK:
            return F("handoff__score_decision__rulebook__version")
        case By.COUNTRY:
            return COUNTRY
        case By.WEEK:
            return TruncWeek("decided_at", tzinfo=organisation_zone())
        case _:
            return F(_IDS[by])


def lasting_key_of(by: By) -> Expression:
    """The same by what never changes its name: ids instead of keys."""
    return F(_IDS[by]) if by in _IDS else key_of(by)


_IDS = {By.SOURCE: "lead__source_id", By.CAMPAIGN: "lead__campaign_id", By.REP: "user_id"}


def heads_of(by: By, keys: Iterable[Any]) -> dict[Any, tuple[Any, str]]:
    """{lasting key: (key, name)} of columns; the name is empty where the key says it. At most one query."""
    known = [key for key in keys if key is not None]
    match by:
        case By.SOURCE:
            rows: Iterable[Any] = Source.objects.filter(pk__in=known).values_list("pk", "key", "name")
        case By.CAMPAIGN:
            rows = Campaign.objects.filter(pk__in=known).values_list("pk", "pk", "name")
        case By.REP:
            rows = User.objects.filter(pk__in=known).values_list("pk", "pk", "name")
        case _:
            rows = ((key, key, "") for key in known)
    return {None: (None, ""), **{lasting: (key, name) for lasting, key, name in rows}}


def key_name_of(by: By) -> Expression:
    """How what is grouped by is called, where the key does not say it."""
    named = {By.SOURCE: "lead__source__name", By.CAMPAIGN: "lead__campaign__name", By.REP: "user__name"}
    return F(named[by]) if by in named else Value("")


def value_of(by: By, key: Any) -> str:
    """How a key stands in an address."""
    if key is None or key == "":
        return NONE
    if isinstance(key, datetime):
        return Week.of(key, organisation_zone()).name
    return encode({By.CAMPAIGN: "campaign", By.REP: "user"}[by], key) if by in (By.CAMPAIGN, By.REP) else str(key)


def name_of(by: By, key: Any, name: str | None) -> str:
    """How a key is called in the head of a column."""
    if key is None or key == "":
        return str(_("none"))
    if isinstance(key, datetime):
        return value_of(by, key).partition("-")[2]
    if by is By.COUNTRY:
        return country_name(key)
    return f"v{key}" if by is By.RULEBOOK else name or str(key)


def condition_of(by: By, value: str) -> Q | None:
    """The rows of one column value; None if there cannot be such a value."""
    is_none = value == NONE
    try:
        match by:
            case By.SOURCE:
                return Q(lead__source__key=value)
            case By.CAMPAIGN:
                return Q(lead__campaign=None if is_none else decode("campaign", value))
            case By.REP:
                return Q(user=None if is_none else decode("user", value))
            case By.RULEBOOK:
                return Q(handoff__score_decision__rulebook__version=None if is_none else int(value))
            case By.COUNTRY:
                return Q(key_country="" if is_none else value)
            case By.WEEK:
                week = Week.parse(value, organisation_zone())
                return Q(decided_at__gte=week.start, decided_at__lt=week.end)
    except ValueError:
        return None
